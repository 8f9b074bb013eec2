/** Whether a dotted version is at least another. Parts that are missing count as 0; what follows `-` is left out. */
export function atLeast(version: string, minimum: string): boolean {
  const [given, wanted] = [version, minimum].map((text) => (text.split("-")[0] ?? "").split(".").map(Number));
  for (let part = 0; part < 3; part++) {
    const difference = (given?.[part] ?? 0) - (wanted?.[part] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
