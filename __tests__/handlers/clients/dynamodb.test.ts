import { startColdServices } from "../../../scripts/commands/bench/cold-services";
import { connectTo } from "../emulated";

test("an operation goes to DynamoDB by its name, and its output comes back; the stores' tests have the rest", async () => {
  const services = await startColdServices();
  const dynamodb = connectTo(services.url);
  expect((await dynamodb("GetItem", { TableName: "t", Key: {} })).Item?.["status"]).toEqual({ S: "processing" });
  expect(await dynamodb("Query", { TableName: "t" })).toMatchObject({ Items: [] });
  expect([...services.calls.keys()]).toEqual(["DynamoDB_20120810.GetItem", "DynamoDB_20120810.Query"]);
  await services.stop();
});
