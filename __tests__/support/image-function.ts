import { mapEnvironment, locateInImage, type ImageRoot } from "../../scripts/image/image-stages";
import type { VersionConfiguration } from "../../scripts/emulator/applied/functions";
import type { InstanceOptions } from "../../scripts/emulator/functions/function-instance";
