import { seconds } from "../judges/figures";
import { comment } from "./tfvars";
import { perThousand, type TuningReport } from "./tuning-report";

/** The chosen size as a tfvars file; without one it says why, in comments alone. */
export function tuningTfvars({ tuning, setting, source }: TuningReport): string {
  const { chosenMiB, strategy, reason, sizes } = tuning;
  const expected = sizes.find(({ memoryMiB }) => memoryMiB === chosenMiB)?.expected;
  if (chosenMiB === null || !expected)
    return `${comment(`Nothing, by quickturn tune of ${source}: ${reason}.`).join("\n")}\n`;
  const head = comment(
    `By quickturn tune --strategy ${strategy} of ${source}. Apply: quickturn apply --var-file <this file>. Take back: leave the line out and apply again.`,
  );
  const why = comment(
    `${setting}: ${reason}. Expected: ${seconds(expected.timeMs)} and ${perThousand(expected.usd)} for 1,000 runs. Effect: new version.`,
  );
  return `${head.join("\n")}\n\n${why.join("\n")}\n${setting} = ${chosenMiB}\n`;
}
