import { parseLambdaArn } from "../../../../scripts/local/applied/lambda-arn";
import { functionArn } from "../fixtures";

test("an ARN is read with and without a qualifier", () => {
  expect(parseLambdaArn(functionArn("api"))).toEqual({
    region: "us-east-1",
    accountId: "123456789012",
    functionName: "api",
    qualifier: "live",
  });
  expect(parseLambdaArn(functionArn("api", "$LATEST"))?.qualifier).toBe("$LATEST");
  expect(parseLambdaArn("arn:aws:lambda:us-east-1:123456789012:function:api")?.qualifier).toBeUndefined();
});

test("another ARN is not one", () => {
  expect(parseLambdaArn("arn:aws:sqs:us-east-1:123456789012:work")).toBeUndefined();
});
