import { coldCalls, REQUEST_ID } from "../../../bench/cold-calls";
import { startColdServices } from "../../../bench/cold-rig";

test("they answer what the functions ask, count it, and refuse the rest", async () => {
  const services = await startColdServices();
  const ask = async (target: string, body = "{}") => {
    const answer = await fetch(services.url, { method: "POST", headers: { "x-amz-target": target }, body });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  try {
    expect(await ask("DynamoDB_20120810.GetItem")).toMatchObject({
      status: 200,
      body: { Item: { request_id: { S: REQUEST_ID } } },
    });
    expect(await ask("AmazonSQS.SendMessage", '{"MessageBody":"x"}')).toMatchObject({
      status: 200,
      body: { MD5OfMessageBody: "9dd4e461268c8034f5c8564e155c67a6" },
    });
    expect(await ask("DynamoDB_20120810.Scan")).toMatchObject({
      status: 400,
      body: { __type: "UnknownOperationException" },
    });
    expect([...services.calls]).toEqual([
      ["DynamoDB_20120810.GetItem", 1],
      ["AmazonSQS.SendMessage", 1],
      ["DynamoDB_20120810.Scan", 1],
    ]);
    for (const target of coldCalls(services.url).flatMap(({ calls = [] }) => calls))
      expect((await ask(target, '{"MessageBody":"x"}')).status).toBe(200);
  } finally {
    await services.stop();
  }
});
