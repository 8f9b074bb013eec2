import { createEmulatorClients } from "../../../scripts/emulator/local-runtime";

test("the clients call the given endpoint, with credentials that open nothing", async () => {
  process.env.AWS_ENDPOINT_URL = "http://10.1.2.3";
  try {
    const { lambda, sqs, destroy } = createEmulatorClients("http://127.0.0.1:5000", "us-east-1");
    for (const client of [lambda, sqs]) {
      expect(await client.config.endpoint?.()).toMatchObject({ hostname: "127.0.0.1", port: 5000 });
      expect(await client.config.credentials()).toMatchObject({ accessKeyId: "local", secretAccessKey: "local" });
    }
    destroy();
  } finally {
    delete process.env.AWS_ENDPOINT_URL;
  }
});
