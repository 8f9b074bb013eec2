import { assertLoopback, createEmulatorClients } from "../../../scripts/emulator/emulator-clients";

test("loopback addresses are taken", () => {
  for (const endpoint of ["http://127.0.0.1:5000", "http://127.9.8.7", "http://localhost:1", "http://[::1]:5000"])
    expect(() => assertLoopback(endpoint)).not.toThrow();
});

test("everything else is refused, however it looks", () => {
  for (const host of [
    "10.0.0.1",
    "169.254.169.254",
    "127.0.0.1.example.com",
    "localhost.example.com",
    "sqs.us-east-1.amazonaws.com",
    "[::ffff:8.8.8.8]",
  ]) {
    expect(() => assertLoopback(`http://${host}`)).toThrow("Allowed: 127.0.0.0/8, ::1, localhost.");
  }
  expect(() => assertLoopback("nonsense")).toThrow('The emulator\'s endpoint "nonsense" is not a URL.');
});

test("the clients go where they are told, with credentials that open nothing", async () => {
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
