import { ACCOUNT, REGION } from "./aws-call";
import { allowed, decide, refused, type Statement } from "./iam-simulator";

const TABLE = `arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/requests`;
const call = (action: string, resource: string, context: Readonly<Record<string, string>> = {}) => ({ action, resource, context });
const role = (...statements: Statement[]) => ({ name: "worker", statements });
const allow = (Action: string, Resource: string, Condition?: Statement["Condition"]): Statement => ({ Effect: "Allow", Action, Resource, ...(Condition && { Condition }) });

test("what is allowed on a resource is allowed there, and nowhere else", async () => {
  const reader = role(allow("dynamodb:GetItem", TABLE));
  expect(await decide(reader, call("dynamodb:GetItem", TABLE))).toBe("Allowed");
  expect(await allowed(reader, [call("dynamodb:GetItem", `${TABLE}x`), call("dynamodb:PutItem", TABLE)])).toEqual([]);
  expect(await refused(role(), [call("dynamodb:GetItem", TABLE), call("dynamodb:GetItem", TABLE)])).toEqual([`dynamodb:GetItem on ${TABLE}`]);
});

test("a refusal stands whatever is allowed, and a boundary limits whatever is given", async () => {
  const everything = allow("*", "*");
  const refusing = role(everything, { Effect: "Deny", Action: "dynamodb:GetItem", Resource: TABLE });
  expect(await decide(refusing, call("dynamodb:GetItem", TABLE))).toBe("ExplicitlyDenied");
  const limited = { ...role(everything), boundary: [allow("dynamodb:GetItem", TABLE)] };
  expect([await decide(limited, call("dynamodb:GetItem", TABLE)), await decide(limited, call("iam:CreateUser", `arn:aws:iam::${ACCOUNT}:user/x`))]).toEqual(["Allowed", "ImplicitlyDenied"]);
});

test("a boundary allows nothing by itself, and an empty one leaves nothing", async () => {
  expect(await decide({ ...role(), boundary: [allow("*", "*")] }, call("dynamodb:GetItem", TABLE))).toBe("ImplicitlyDenied");
  expect(await decide({ ...role(allow("*", "*")), boundary: [] }, call("dynamodb:GetItem", TABLE))).not.toBe("Allowed");
});

test("a call that names no resource is allowed only on all of them", async () => {
  const unsubscribe = call("sns:Unsubscribe", "*");
  expect(await decide(role(allow("sns:Unsubscribe", `arn:aws:sns:${REGION}:${ACCOUNT}:alarms`)), unsubscribe)).toBe("ImplicitlyDenied");
  expect(await decide(role(allow("sns:Unsubscribe", "*")), unsubscribe)).toBe("Allowed");
});

test("a condition holds with the value that it names alone", async () => {
  const limited = role(allow("iam:CreateRole", "*", { StringEquals: { "iam:PermissionsBoundary": "arn:aws:iam::1:policy/boundary" } }));
  const make = (context: Readonly<Record<string, string>>) => decide(limited, call("iam:CreateRole", `arn:aws:iam::${ACCOUNT}:role/x`, context));
  expect([await make({ "iam:PermissionsBoundary": "arn:aws:iam::1:policy/boundary" }), await make({ "iam:PermissionsBoundary": "arn:aws:iam::1:policy/other" }), await make({})]).toEqual(["Allowed", "ImplicitlyDenied", "ImplicitlyDenied"]);
});

test("an action that there is not, and a policy that tells parts of an API apart that the simulator does not, are no question", async () => {
  await expect(decide(role(allow("*", "*")), call("dynamodb:ReadItem", TABLE))).rejects.toThrow(/dynamodb:ReadItem on \S+ for worker is no question to IAM: .*invalid.action/);
  const api = (path: string) => `arn:aws:apigateway:${REGION}::/restapis/${path}`;
  expect(await decide(role(allow("apigateway:PATCH", api("*"))), call("apigateway:PATCH", api("a1/stages/live")))).toBe("Allowed");
  await expect(decide(role(allow("apigateway:PATCH", api("*/stages/live"))), call("apigateway:PATCH", api("a1/stages/live")))).rejects.toThrow("worker tells parts of an API apart");
});
