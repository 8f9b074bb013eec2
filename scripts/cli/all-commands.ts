import type { Command } from "commander";
import { addAuditCommand, addReviewCommands } from "./review-commands";
import { addBuildCommands, addContractCommands, addImageCommand, addLocalCommand } from "./build-commands";
import { addCanaryCommand, addDeployCommands, addStateCommands } from "./deploy-commands";
import { addDashboardCommand, addDecideCommands, addTuneCommand, addVerifyCommand } from "./decide-commands";
import type { Shell } from "./shell";

/** Every command, in the order of `--help`. */
export function addCommands(root: Command, shell: Shell): void {
  addBuildCommands(root, shell);
  addImageCommand(root, shell);
  addDeployCommands(root, shell);
  addCanaryCommand(root, shell);
  addVerifyCommand(root, shell);
  addContractCommands(root, shell);
  addDashboardCommand(root, shell);
  addDecideCommands(root, shell);
  addTuneCommand(root, shell);
  addLocalCommand(root, shell);
  addReviewCommands(root, shell);
  addAuditCommand(root, shell);
  addStateCommands(root, shell);
}
