import type { ProxiedRequest } from "../../scripts/emulator/http";
import { readChangingCall } from "./killed-stack";

describe("changing call", () => {
  const call = (given: Partial<ProxiedRequest>) =>
    readChangingCall({
      method: "POST",
      path: "/",
      headers: {},
      body: Buffer.from(""),
      service: "x",
      operation: "",
      ...given,
    });

  test("a change is named by its service and its operation, in each of AWS's protocols", () => {
    expect(call({ service: "dynamodb", operation: "CreateTable", body: Buffer.from("{}") })).toBe(
      "dynamodb CreateTable",
    );
    expect(call({ service: "iam", body: Buffer.from("Action=CreateRole&RoleName=Action=GetRole") })).toBe(
      "iam CreateRole",
    );
    expect(call({ service: "iam", body: Buffer.from("RoleName=r&Action=PutRolePolicy") })).toBe("iam PutRolePolicy");
    expect(call({ service: "apigateway", method: "PATCH", path: "/restapis/a/stages/live" })).toBe(
      "apigateway PATCH /restapis/a/stages/live",
    );
  });

  test("a call that only reads changes nothing, though it is a POST", () => {
    for (const read of [
      { operation: "DescribeTable" },
      { operation: "ListQueues" },
      { body: Buffer.from("Action=GetRole&RoleName=CreateRole") },
      { method: "GET", path: "/restapis" },
      { method: "HEAD", path: "/bucket" },
    ])
      expect(call(read)).toBeUndefined();
  });
});
