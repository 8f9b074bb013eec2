import { ACCESS_MODES, callersOf, settingsOf } from "./access-modes";
import type { LocalIssuer } from "./local-issuer";
import { SETTINGS, type Setting } from "../../stacks/contract/settings";

const issuer = {
  url: "https://127.0.0.1:1",
  token: (name: string, audience: string) => `token of ${name} for ${audience}`,
} as LocalIssuer;
const key = (index: string) => ({ type: "aws_api_gateway_api_key", index, values: { value: `key of ${index}` } });
const shown = {
  values: {
    root_module: {
      resources: [{ type: "aws_api_gateway_usage_plan", index: "alice", values: {} }, key("bob"), key("alice")],
    },
  },
};

test("the modes are those that the setting allows", () => {
  const settings: readonly Setting[] = SETTINGS;
  expect(settings.find(({ name }) => name === "authorization")).toMatchObject({ allowed: [...ACCESS_MODES] });
});

test("a mode's settings name its callers, or who makes their tokens", () => {
  expect(ACCESS_MODES.map((mode) => settingsOf(mode, issuer))).toEqual([
    ["authorization=iam"],
    ["authorization=api_key", 'api_key_names=["alice","bob"]'],
    ["authorization=jwt", "jwt_issuer=https://127.0.0.1:1", 'jwt_audiences=["local-callers"]'],
    ["authorization=none"],
  ]);
});

test("the same two callers sign, have a key or have a token; where anybody may call, all of them are one", () => {
  expect(callersOf("iam", {}, issuer)).toMatchObject([
    { name: "alice", caller: { kind: "iam", credentials: { accessKeyId: "LOCALALICE" } } },
    { name: "bob", caller: { kind: "iam" } },
  ]);
  expect(callersOf("api_key", shown, issuer).map(({ caller }) => caller)).toEqual([
    { kind: "key", apiKey: "key of alice" },
    { kind: "key", apiKey: "key of bob" },
  ]);
  expect(callersOf("jwt", {}, issuer).map(({ caller }) => caller)).toEqual(
    ["alice", "bob"].map((name) => ({ kind: "token", token: `token of ${name} for local-callers` })),
  );
  expect(callersOf("none", {}, issuer)).toEqual([{ name: "anybody", caller: { kind: "anonymous" } }]);
});

test("a key that was not applied is told by its caller's name", () => {
  expect(() => callersOf("api_key", { values: { root_module: { resources: [key("alice")] } } }, issuer)).toThrow(
    "The applied stack has no API key of bob",
  );
});
