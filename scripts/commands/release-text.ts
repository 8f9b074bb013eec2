import type { Release } from "../judges/release/manifest";
import type { ShippedPackage } from "../judges/release/production-packages";

/** A release for a person: its files, and the commands that check and publish it. */
export function releaseText(release: Release, packages: readonly ShippedPackage[]): string {
  const { name, version, commit, files } = release;
  const width = Math.max(...files.map((file) => file.name.length));
  return [
    `dist/release: ${name} ${version} of commit ${commit}`,
    ...warnings(release),
    "",
    ...files.map((file) => `  ${file.name.padEnd(width)}  ${String(file.bytes).padStart(9)}  ${file.sha256}`),
    "",
    `Packages that ship: ${new Set(packages.map((each) => `${each.name}@${each.version}`)).size}, by license: ${licenses(packages)}.`,
    "",
    "Nothing is published. To check it, and to publish it:",
    "  (cd dist/release && sha256sum --check SHA256SUMS)",
    `  npm publish ./dist/release/${name}-${version}.tgz --access public`,
    `  git tag v${version} ${commit} && git push origin v${version}`,
    `  gh release create v${version} --verify-tag --notes-file dist/release/release-notes.md dist/release/*`,
  ].join("\n");
}

function warnings({ workingTree, changelog, version }: Release): string[] {
  return [
    ...(workingTree === "dirty" ? ["Not to be published: files were not as the commit has them (--allow-dirty)."] : []),
    ...(changelog === "unreleased"
      ? [`CHANGELOG.md still calls ${version} unreleased: give its heading a date before you publish.`]
      : []),
  ];
}

function licenses(packages: readonly ShippedPackage[]): string {
  const byId = new Map(packages.map((each) => [`${each.name}@${each.version}`, each.license ?? "none"]));
  const counts = new Map<string, number>();
  for (const license of byId.values()) counts.set(license, (counts.get(license) ?? 0) + 1);
  return [...counts]
    .sort(([one, few], [other, many]) => many - few || (one < other ? -1 : 1))
    .map(([license, count]) => `${license} ${count}`)
    .join(", ");
}
