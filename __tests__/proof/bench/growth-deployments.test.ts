import { measureDeployments } from "../../../bench/growth";
import { SILENT } from "../../../scripts/kit/context";
import { PROJECT } from "../../support/stack-json";

test("the module as it is written is planned as often as a root calls it: every deployment makes the same", async () => {
  const context = {
    projectDirectory: PROJECT,
    environment: process.env,
    progress: SILENT,
    signal: new AbortController().signal,
  };
  const [one, two] = await measureDeployments(context, [1, 2]);
  expect(one).toMatchObject({ deployments: 1, ms: expect.any(Number) as number });
  expect(one!.resources).toBeGreaterThan(50);
  expect(two!.resources).toBe(2 * one!.resources);
});
