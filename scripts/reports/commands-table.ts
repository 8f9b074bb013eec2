import { table } from "./tables";

/** What the table shows of a command. */
export interface ListedCommand {
  name(): string;
  usage(): string;
  description(): string;
  readonly commands: readonly ListedCommand[];
}

/** Table of the commands, those below a command after it, in Markdown. */
export function commandsTable(commands: readonly ListedCommand[]): string {
  return table(["command", "what it does"], rows(commands, ""));
}

function rows(commands: readonly ListedCommand[], before: string): readonly (readonly string[])[] {
  return commands.flatMap((command) => {
    const name = `${before}${command.name()}`;
    const usage = command
      .usage()
      .replace(/^\[options\] ?/, "")
      .replace("[command]", "")
      .trim();
    return [
      [`\`${[name, usage].filter(Boolean).join(" ")}\``, command.description()],
      ...rows(command.commands, `${name} `),
    ];
  });
}
