import { SETTINGS, defaultValue, type Profile, type Setting } from "../../stacks/contract/settings";

/** A setting's value where nobody gives one, in the profile `optimized`. Throws where there is no such setting. */
export function settingDefault(name: string): unknown {
  const setting = SETTINGS.find((candidate: Setting) => candidate.name === name);
  if (!setting) throw new Error(`There is no setting ${name}`);
  return defaultValue(setting, "optimized");
}

/** Puts settings' defaults into a Terraform template; `given` overrides them. What names no setting stays. */
export function withDefaults(template: string, given: Readonly<Record<string, unknown>> = {}): string {
  const value = (name: string) => String(given[name] ?? settingDefault(name));
  return template
    .replaceAll(/\$\{(?:var|local)\.(\w+)\}/g, (_, name: string) => value(name))
    .replaceAll(/\$\{max\((?:var|local)\.(\w+), 1\)\}/g, (_, name: string) => String(Math.max(Number(value(name)), 1)))
    .replaceAll(
      /\$\{min\(([\d.]+), ([\d.]+) \* var\.(\w+) \/ 100\)\}/g,
      (_, most: string, factor: string, name: string) =>
        String(Math.min(Number(most), (Number(factor) * Number(value(name))) / 100)),
    );
}

/** The output `settings` of a deployment where nobody gave anything but the profile. */
export const settingsOf = (profile: Profile): Readonly<Record<string, unknown>> => ({
  ...Object.fromEntries(SETTINGS.map((setting: Setting) => [setting.name, defaultValue(setting, profile)])),
  profile,
});
