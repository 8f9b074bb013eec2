import { findHeldBack, pinVersions, previousVersions } from "../../../scripts/deploy/rollback";
import { emptyRelease } from "../../../scripts/deploy/release";

const promoted = (worker: number, stable: number) =>
  ({
    at: "t",
    event: "promoted",
    worker,
    api: null,
    stable_worker: stable,
    stable_api: null,
    weight: 100,
    reason: "",
  }) as const;
const release = { ...emptyRelease("q-dev"), history: [promoted(6, 5), promoted(8, 6)] };
const stamp = { at: "t", writer: "run" };

test("the version before is the one that the promotion of the live one replaced", () => {
  expect(previousVersions(release, { worker: 8, api: 3 })).toEqual({ worker: 6, api: null });
  const back = pinVersions(release, { versions: { worker: 6, api: null }, live: { worker: 8, api: 3 } }, stamp);
  expect(back.pinned).toEqual({ worker: 6, api: null });
  expect(previousVersions(back, { worker: 6, api: 3 })).toEqual({ worker: 5, api: null });
  expect(previousVersions(release, { worker: 9, api: 3 })).toEqual({ worker: null, api: null });
});

test("the new version of a pinned function is held back, that of another function is not", () => {
  expect(findHeldBack({ ...release, pinned: { worker: 6, api: null } }, ["worker", "api"])).toEqual(["worker"]);
  expect(findHeldBack(null, ["worker"])).toEqual([]);
});
