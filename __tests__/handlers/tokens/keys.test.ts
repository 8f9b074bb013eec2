import type { JSONWebKeySet } from "jose";
import {
  FETCH_PAUSE_MS,
  FIRST_FETCH_PAUSE_MS,
  KEYS_FRESH_MS,
  KEYS_TRUSTED_MS,
  openSigningKeys,
} from "../../../handlers/tokens/keys";
import { SigningKey } from "../../support/local-issuer";
import { NOW_MS, keepingLog } from "../fixtures";

const [old, fresh] = [new SigningKey("old"), new SigningKey("new")];

function setUp() {
  const world = { nowMs: NOW_MS, published: [old], down: false, fetches: 0 };
  const { log, records } = keepingLog();
  const keys = openSigningKeys({
    fetchKeys: async () => {
      world.fetches += 1;
      await Promise.resolve();
      if (world.down) throw new Error("connect ECONNREFUSED");
      return { keys: world.published.map(({ jwk }) => jwk) } as JSONWebKeySet;
    },
    nowMs: () => world.nowMs,
    log,
  });
  const find = (kid: string) => keys.find({ alg: "ES256", kid });
  return { world, records, find };
}

test("keys are fetched once for many tokens, also for those that come at once", async () => {
  const { world, find } = setUp();
  await Promise.all(Array.from({ length: 20 }, () => find("old")));
  world.nowMs += KEYS_FRESH_MS - 1;
  await find("old");
  expect(world.fetches).toBe(1);
});

test("after ten minutes they are fetched again: a key that was withdrawn is taken no more", async () => {
  const { world, find } = setUp();
  await find("old");
  world.published = [fresh];
  world.nowMs += KEYS_FRESH_MS;
  await expect(find("old")).rejects.toThrow("no applicable key found in the JSON Web Key Set");
  await expect(find("new")).resolves.toBeDefined();
  expect(world.fetches).toBe(2);
});

test("a new key is fetched by the first token that names it, and the old one stays good while it is published", async () => {
  const { world, find } = setUp();
  await find("old");
  world.published = [fresh, old];
  world.nowMs += FETCH_PAUSE_MS;
  await Promise.all([find("new"), find("new"), find("old")]);
  expect(world.fetches).toBe(2);
});

test("tokens that name unknown keys have them fetched once a minute at most", async () => {
  const { world, find } = setUp();
  await find("old");
  const minutes = 5;
  for (let second = 0; second < minutes * 60; second++) {
    world.nowMs += 1_000;
    await expect(find(`guess-${second}`)).rejects.toThrow("no applicable key found");
  }
  expect(world.fetches).toBe(1 + minutes);
});

test("while the issuer is down, known keys stay good for a day, unknown ones are refused, and it is asked once a minute", async () => {
  const { world, records, find } = setUp();
  await find("old");
  world.down = true;
  world.nowMs += KEYS_FRESH_MS;
  for (let call = 0; call < 10; call++) await expect(find("old")).resolves.toBeDefined();
  await expect(find("new")).rejects.toThrow("no applicable key found");
  expect(world.fetches).toBe(2);
  expect(records).toEqual([
    expect.objectContaining({
      level: "warn",
      event: "signing_keys_not_fetched",
      fields: { kept: true, error: expect.objectContaining({ message: "connect ECONNREFUSED" }) as unknown },
    }),
  ]);
  world.nowMs = NOW_MS + KEYS_TRUSTED_MS;
  await expect(find("old")).resolves.toBeDefined();
  world.nowMs += 1;
  await expect(find("old")).rejects.toThrow(
    "The issuer's keys cannot be fetched. Check the setting jwt_issuer and that the issuer answers.",
  );
  world.down = false;
  world.nowMs += FETCH_PAUSE_MS;
  await expect(find("old")).resolves.toBeDefined();
});

test("without any key nothing can be told, and the issuer is asked again after two seconds", async () => {
  const { world, records, find } = setUp();
  world.down = true;
  for (let call = 0; call < 5; call++)
    await expect(find("old")).rejects.toThrow("The issuer's keys cannot be fetched.");
  expect(world.fetches).toBe(1);
  expect(records[0]).toMatchObject({ level: "error", fields: { kept: false } });
  world.down = false;
  world.nowMs += FIRST_FETCH_PAUSE_MS;
  await expect(find("old")).resolves.toBeDefined();
});

test("a clock that is set back does not keep old keys for good", async () => {
  const { world, find } = setUp();
  await find("old");
  world.nowMs -= 3_600_000;
  world.published = [fresh];
  await expect(find("new")).resolves.toBeDefined();
});

test("a set in which the issuer publishes no key is what it says: nobody's token is taken", async () => {
  const { world, find } = setUp();
  world.published = [];
  await expect(find("old")).rejects.toThrow("no applicable key found");
});
