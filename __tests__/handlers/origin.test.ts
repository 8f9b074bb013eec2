import { createHash } from "node:crypto";
import { refuseDirectAccess } from "../../handlers/origin";
import { gatewayEvent } from "./fixtures";

const EXPECTED = createHash("sha256").update("open sesame").digest("hex");

test("without a distribution every request passes", () => {
  expect(() => refuseDirectAccess(gatewayEvent(), "")).not.toThrow();
});

test.each(["x-quickturn-origin", "X-Quickturn-Origin"])("a request with the secret in %s passes", (name) => {
  expect(() => refuseDirectAccess(gatewayEvent({ headers: { [name]: "open sesame" } }), EXPECTED)).not.toThrow();
});

test("while the secret is replaced, both pass and no other", () => {
  const both = [createHash("sha256").update("new").digest("hex"), EXPECTED].join(",");
  for (const secret of ["new", "open sesame"])
    expect(() => refuseDirectAccess(gatewayEvent({ headers: { "x-quickturn-origin": secret } }), both)).not.toThrow();
  for (const secret of ["old", "", ","])
    expect(() => refuseDirectAccess(gatewayEvent({ headers: { "x-quickturn-origin": secret } }), both)).toThrow(
      "This API is reached",
    );
});

test.each([
  ["no secret", {}],
  ["an empty one", { headers: { "x-quickturn-origin": "" } }],
  ["a wrong one", { headers: { "x-quickturn-origin": "open" } }],
  ["the hash instead", { headers: { "x-quickturn-origin": EXPECTED } }],
  ["the right one and another", { multiValueHeaders: { "x-quickturn-origin": ["open sesame", "open"] } }],
])("a request with %s is refused", (_what, overrides) => {
  expect(() => refuseDirectAccess(gatewayEvent(overrides), EXPECTED)).toThrow(
    "This API is reached through its distribution only.",
  );
});
