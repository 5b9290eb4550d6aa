import { findAll, asText, type Templates } from './templates.js';

/** What a machine is told to install; see infra/instance/install.mjs. */
export interface Plan {
  version: string;
  roles: string[];
  environment: Record<string, string>;
  secrets: string[];
  logGroup: string;
  group: string | null;
}

/** Where a plan stands: the whole script, and the plan in it. */
export interface Script {
  id: string;
  text: string;
  plan: Plan;
}

/** The scripts that install a release: one of the small size, one for each group of the large one. */
export function findScripts(templates: Templates): Script[] {
  const associations = findAll(templates, 'AWS::SSM::Association').map(({ id, Properties }) => {
    const { commands } = Properties['Parameters'] as { commands: unknown[] };
    return { id, text: commands.map(asText).join('\n') };
  });
  const machines = findAll(templates, 'AWS::EC2::LaunchTemplate').map(({ id, Properties }) => {
    const { UserData } = Properties['LaunchTemplateData'] as { UserData?: unknown };
    return { id, text: asText(UserData ?? '') };
  });
  return [...associations, ...machines].flatMap(({ id, text }) => {
    const plan = /<<'PLAN'\n([^]*?)\nPLAN\n/.exec(text)?.[1];
    return plan ? [{ id, text, plan: JSON.parse(plan) as Plan }] : [];
  });
}
