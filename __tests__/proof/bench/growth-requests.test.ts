import { measureRequests } from "../../../bench/growth-requests";
import { SILENT } from "../../../scripts/kit/context";
import { PROJECT } from "../../support/stack-json";
import { temporaryFolder } from "../../support/temporary-folder";

const context = {
  projectDirectory: PROJECT,
  environment: process.env,
  progress: SILENT,
  signal: new AbortController().signal,
};

test("the functions' own store asks for one call to read or claim a request, and for a call a partition to find what is due", async () => {
  const asked = (await measureRequests(context, [300, 600]))?.map(({ requests, ...uses }) => ({
    requests,
    ...Object.fromEntries(Object.entries(uses).map(([name, { calls, items }]) => [name, { calls, items }])),
  }));
  const uses = { status: { calls: 1, items: 1 }, claim: { calls: 1, items: 1 }, search: { calls: 16, items: 20 } };
  expect(asked).toEqual([
    { requests: 300, ...uses },
    { requests: 600, ...uses },
  ]);
});

test("nothing is measured where the database is not installed", async () => {
  expect(
    await measureRequests({ ...context, projectDirectory: temporaryFolder("no-dynalite") }, [300]),
  ).toBeUndefined();
});
