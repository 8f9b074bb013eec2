import { openColdRig, type ColdRig } from "../../../bench/cold-rig";
import { PROJECT } from "../../support/stack-json";

let rig: ColdRig;
beforeAll(async () => {
  rig = await openColdRig({ projectDirectory: PROJECT, environment: { PATH: process.env["PATH"] } });
});
afterAll(() => rig?.close());

test("every function answers its call rightly from its zip, over TLS too", async () => {
  const ours = rig.cases.filter(({ protocol, variant }) => protocol === "TLS" && variant === "ours");
  expect(ours.map(({ call }) => call)).toEqual(["invoke", "status", "worker", "sweeper", "authorizer"]);
  for (const each of ours) expect(await each.measure()).toMatchObject({ ms: expect.any(Number) as number });
});

test("only what a route is compared with is signed by hand", () => {
  expect([...new Set(rig.cases.filter(({ variant }) => variant === "by hand").map(({ call }) => call))]).toEqual([
    "invoke",
    "status",
  ]);
});
