import { heldBack, pinnedTo, previousVersions } from "../../../scripts/deploy/rollback";
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

test("before the live version was the one that its promotion found, and so on back", () => {
  expect(previousVersions(release, { worker: 8, api: 3 })).toEqual({ worker: 6, api: null });
  const back = pinnedTo(release, { worker: 6, api: null }, { worker: 8, api: 3 }, "", stamp);
  expect(back.pinned).toEqual({ worker: 6, api: null });
  expect(previousVersions(back, { worker: 6, api: 3 })).toEqual({ worker: 5, api: null });
  expect(previousVersions(release, { worker: 9, api: 3 })).toEqual({ worker: null, api: null });
});

test("a pinned function's new version is held back, another's is not", () => {
  expect(heldBack({ ...release, pinned: { worker: 6, api: null } }, ["worker", "api"])).toEqual(["worker"]);
  expect(heldBack(null, ["worker"])).toEqual([]);
});
