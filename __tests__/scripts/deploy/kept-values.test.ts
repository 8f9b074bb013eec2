import fc from "fast-check";
import {
  appliedProvenance,
  namesGivenByHand,
  keptValues,
  type KeptQuestion,
  describeEarlierInput,
  earlierInput,
  type Configuration,
} from "../../../scripts/deploy/kept-values";
import { settingsOf } from "../../support/defaults";

describe("kept values", () => {
  const NOTHING = { file: [], hand: [], rollback: null };
  const question = (part: Partial<KeptQuestion>): KeptQuestion => ({
    outputs: {},
    file: {},
    filePath: "environments/prod.tfvars.json",
    now: [],
    reset: [],
    ...part,
  });
  /** The outputs after an apply with these values given now. */
  const applied = (asked: KeptQuestion, values: Record<string, unknown>) => {
    const { kept, provenance } = keptValues(asked);
    const all: Record<string, unknown> = { ...asked.file, ...kept, ...values };
    const given = Object.fromEntries(
      Object.entries(all).filter(([name]) => [...provenance.hand, ...provenance.file].includes(name)),
    );
    return { given, settings: { ...all, provenance } };
  };

  test("a value by hand is kept until it is given anew or reset", () => {
    const outputs = applied(question({ now: ["memory_size", "agents"] }), {
      memory_size: 2048,
      agents: [{ name: "a" }],
    });
    expect(keptValues(question({ outputs })).kept).toEqual({ memory_size: 2048, agents: [{ name: "a" }] });
    expect(keptValues(question({ outputs, now: ["agents"] })).kept).toEqual({ memory_size: 2048 });
    const { kept, provenance, lines } = keptValues(question({ outputs, reset: ["agents"] }));
    expect({ kept, provenance }).toEqual({
      kept: { memory_size: 2048 },
      provenance: { ...NOTHING, hand: ["memory_size"] },
    });
    expect(lines).toEqual(["Kept from the last apply: memory_size = 2048. --reset <setting> takes one back."]);
  });

  test("the file may change and drop its own values, and a value by hand overrules it with a note", () => {
    const outputs = applied(question({ file: { memory_size: 2048, timeout: 600 }, now: ["timeout"] }), {
      timeout: 300,
    });
    const changed = keptValues(question({ outputs, file: { memory_size: 3072, timeout: 600 } }));
    expect(changed.kept).toEqual({ timeout: 300 });
    expect(changed.lines).toEqual([
      "From environments/prod.tfvars.json: memory_size = 3072.",
      "Kept from the last apply: timeout = 300. --reset <setting> takes one back.",
      "environments/prod.tfvars.json says otherwise, and what was given by hand counts: timeout = 600 there.",
    ]);
    expect(keptValues(question({ outputs })).lines).toContain(
      "No longer in environments/prod.tfvars.json, so that the default counts: memory_size.",
    );
  });

  test("a value by hand that equals the default still overrules the file", () => {
    const outputs = applied(question({ file: { profile: "baseline" }, now: ["profile"] }), { profile: "optimized" });
    expect(keptValues(question({ outputs, file: { profile: "baseline" } })).kept).toEqual({ profile: "optimized" });
  });

  describe("a rollback", () => {
    const rollback = { to: "baseline", at: "2027-01-02T03:04:05Z", by: "ana@desk" };
    const rolledBack = (file: Record<string, unknown> = {}) =>
      applied(question({ file, now: ["profile"], rollback }), { profile: "baseline" });

    test("stays in effect, and each later plan mentions it", () => {
      const { kept, provenance, lines } = keptValues(
        question({ outputs: rolledBack({ profile: "low_latency" }), file: { profile: "low_latency" } }),
      );
      expect({ kept, provenance }).toEqual({
        kept: { profile: "baseline" },
        provenance: { file: [], hand: ["profile"], rollback: { ...rollback, aside: {} } },
      });
      expect(lines[0]).toBe(
        "Rolled back to baseline by ana@desk at 2027-01-02T03:04:05Z; quickturn rollback --to low_latency goes " +
          "forward.",
      );
    });

    test("to the profile of the file or the default ends the rollback before", () => {
      const forward = { ...rollback, to: "optimized" };
      expect(keptValues(question({ outputs: rolledBack(), now: ["profile"], rollback: forward }))).toEqual({
        kept: {},
        provenance: NOTHING,
        lines: ["Given now: profile."],
      });
    });

    test("sets aside values given by hand or by the file, and restores them at its end", () => {
      const file = { max_parallel_agents: 4, timeout: 600 };
      const first = applied(question({ file, now: ["memory_size", "agents"] }), { memory_size: 2048, agents: [] });
      const asked = question({ outputs: first, file, now: ["profile"], rollback });
      const back = keptValues(asked);
      expect(back.kept).toEqual({ agents: [], max_parallel_agents: null });
      expect(back.provenance).toEqual({
        file: ["timeout"],
        hand: ["agents", "profile"],
        rollback: { ...rollback, aside: { memory_size: "2048" } },
      });
      expect(back.lines[0]).toBe(
        "Set aside as long as it is rolled back, because baseline decides: max_parallel_agents, memory_size. " +
          "--var gives one all the same.",
      );
      const outputs = applied(asked, { profile: "baseline" });
      // An unrelated apply keeps it so; one that gives a value has it.
      expect(keptValues(question({ outputs, file })).kept).toEqual({
        profile: "baseline",
        agents: [],
        max_parallel_agents: null,
      });
      expect(keptValues(question({ outputs, file, now: ["memory_size"] })).provenance.rollback).toEqual({
        ...rollback,
        aside: {},
      });
      expect(namesGivenByHand(question({ outputs, file }))).toEqual(["agents", "memory_size", "profile"]);
      const forward = keptValues(
        question({ outputs, file, now: ["profile"], rollback: { ...rollback, to: "optimized" } }),
      );
      expect({ kept: forward.kept, provenance: forward.provenance }).toEqual({
        kept: { memory_size: 2048, agents: [] },
        provenance: { file: ["max_parallel_agents", "timeout"], hand: ["agents", "memory_size"], rollback: null },
      });
    });

    test.each([[{ now: ["profile"] }], [{ reset: ["profile"] }]])(
      "ends where the profile is given or taken back: %j",
      (part) => {
        expect(keptValues(question({ outputs: rolledBack(), ...part })).provenance.rollback).toBeNull();
      },
    );
  });

  describe("during a canary", () => {
    const release = { pinned: { worker: 7, api: null }, canary: { provisioned: { worker: 5, api: 1 } } };
    const outputs = (hand: string[], profile: string) => ({
      given: {
        profile,
        live_version: 7,
        canary_weight: 0.1,
        provisioned_concurrent_executions: 0,
        api_provisioned_concurrent_executions: 0,
        timeout: 60,
      },
      settings: { profile, release, provenance: { ...NOTHING, hand } },
    });

    test("its own values are not kept, and provisioned concurrency is restored unless the profile decides it", () => {
      expect(keptValues(question({ outputs: outputs(["timeout", "profile"], "low_latency") })).kept).toEqual({
        profile: "low_latency",
        timeout: 60,
        provisioned_concurrent_executions: 5,
      });
    });

    test("a version that a person gave is kept", () => {
      expect(keptValues(question({ outputs: outputs(["live_version"], "baseline") })).kept).toMatchObject({
        live_version: 7,
        api_provisioned_concurrent_executions: 1,
      });
    });
  });

  describe("a state that plain terraform has written", () => {
    test("given values are kept, except those of the file", () => {
      const outputs = { given: { memory_size: 1024, timeout: 60 }, settings: { profile: "optimized" } };
      expect(keptValues(question({ outputs, file: { timeout: 90 } })).kept).toEqual({ memory_size: 1024 });
      expect(appliedProvenance(outputs)).toEqual({ ...NOTHING, hand: ["memory_size", "timeout"] });
    });

    test("without the output `given`, a value that differs from its default counts as given", () => {
      const settings = { ...settingsOf("baseline"), memory_size: 2048, alarm_email: null, tags: { team: "a" } };
      expect(keptValues(question({ outputs: { settings } })).kept).toEqual({
        profile: "baseline",
        tags: { team: "a" },
      });
    });

    test("nothing is kept where nothing is applied", () =>
      expect(keptValues(question({}))).toEqual({ kept: {}, provenance: NOTHING, lines: [] }));
  });

  test("through any applies, each value by hand is the last one that was given", () => {
    const names = ["memory_size", "timeout", "throttling_rate_limit"] as const;
    const values = fc.dictionary(fc.constantFrom(...names), fc.integer({ min: 1, max: 9 }));
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            file: values,
            now: values,
            reset: fc.constantFrom<(typeof names)[number] | undefined>(undefined, ...names),
          }),
          { maxLength: 8 },
        ),
        (applies) => {
          const hand: Record<string, number> = {};
          let outputs: KeptQuestion["outputs"] = {};
          for (const { file, now, reset } of applies) {
            const asked = question({ outputs, file, now: Object.keys(now), reset: reset === undefined ? [] : [reset] });
            if (reset !== undefined) delete hand[reset];
            Object.assign(hand, now);
            outputs = applied(asked, now);
            expect(outputs.given).toEqual({ ...file, ...hand });
          }
        },
      ),
    );
  });
});

describe("values for an earlier configuration", () => {
  const configuration = (
    defaults: Readonly<Record<string, unknown>>,
    profiles: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {},
  ): Configuration => ({
    variable: Object.fromEntries(
      Object.entries(defaults).map(([name, value]) => [name, value === undefined ? {} : { default: value }]),
    ),
    locals: { profiles },
  });
  const NOW = configuration(
    { profile: "optimized", memory_size: null, timeout: 120, agents: [{ name: "a", kind: "scripted" }], release: null },
    { optimized: { memory_size: 2048 }, baseline: { memory_size: 1024 } },
  );
  const THEN = configuration(
    { profile: "optimized", memory_size: null, timeout: 60, agents: [], live_version: null },
    { optimized: { memory_size: 512 }, baseline: { memory_size: 1024 } },
  );
  const ask = (settings: Readonly<Record<string, unknown>>, more: object = {}) =>
    earlierInput({
      settings: { profile: "optimized", ...settings },
      live: {},
      given: [],
      now: NOW,
      then: THEN,
      ...more,
    });

  test("a value that somebody gave is kept", () => {
    expect(ask({ memory_size: 3000, timeout: 90, agents: [] }).values).toEqual({
      memory_size: 3000,
      timeout: 90,
      agents: [],
    });
  });

  test("a value that nobody gave becomes the earlier default, also by profile, and is named", () => {
    const input = ask({ memory_size: 2048, timeout: 120 });
    expect(input.values).toEqual({});
    expect(input.defaults).toEqual([
      { name: "memory_size", now: 2048, then: 512 },
      { name: "timeout", now: 120, then: 60 },
    ]);
    expect(describeEarlierInput(input)).toEqual([
      "Nobody gave these settings, so the defaults of that commit count:\n  memory_size: 2048 -> 512\n" +
        "  timeout: 120 -> 60",
    ]);
  });

  test("the profile that is in effect decides what the default was", () => {
    expect(ask({ profile: "baseline", memory_size: 1024 })).toMatchObject({
      values: { profile: "baseline" },
      defaults: [],
    });
    expect(ask({ profile: "baseline", memory_size: 2048 }).values).toEqual({ profile: "baseline", memory_size: 2048 });
  });

  test("the keys of an object may be in another order", () => {
    expect(ask({ agents: [{ kind: "scripted", name: "a" }] }).values).toEqual({});
  });

  test("settings that the commit does not have are left out and named, also those that say what is live", () => {
    const then = configuration({ profile: "optimized", live_version: null });
    const input = ask(
      { timeout: 90 },
      { then, live: { live_version: null, canary_weight: 0, release: { serial: 1 } } },
    );
    expect(input).toMatchObject({ values: { live_version: null }, dropped: ["canary_weight", "release", "timeout"] });
    expect(describeEarlierInput(input)).toEqual([
      "Settings that this commit does not have yet, and that are left out: canary_weight, release, timeout.",
    ]);
  });

  test("the live file decides what is live, not the settings in effect", () => {
    expect(ask({ live_version: 3 }, { live: { live_version: null } }).values).toEqual({ live_version: null });
  });

  test("a setting that is given is not reported as changed, and one that the commit does not have is refused", () => {
    expect(ask({ timeout: 120 }, { given: ["timeout", "cache_enabled"] })).toMatchObject({
      defaults: [],
      refused: ["cache_enabled"],
    });
  });

  test("only variables of the earlier configuration are given, and the same configuration changes nothing", () => {
    const settings = fc.record({
      profile: fc.constantFrom("optimized", "baseline"),
      memory_size: fc.integer({ min: 128, max: 4096 }),
      timeout: fc.integer({ min: 1, max: 200 }),
    });
    fc.assert(
      fc.property(settings, (given) => {
        expect(Object.keys(ask(given).values).every((name) => name in (THEN.variable ?? {}))).toBe(true);
        expect(ask(given, { then: NOW }).defaults).toEqual([]);
      }),
    );
  });
});
