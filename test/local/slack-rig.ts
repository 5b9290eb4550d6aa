import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { WebSocket } from 'ws';

import { startSlack, type LocalSlack, type SlackOptions } from '../../local/slack/start-slack.js';

export const [ADA, GRACE] = ['U0ADA00001', 'U0GRACE001'];
export const [GENERAL, FILES, SECRET, ADA_DM] = ['C0GENERAL1', 'C0FILES001', 'C0SECRET01', 'D0ADA00001'];
export const EDSGER = 'U0EDSGER01';
export const [GLOBEX_GENERAL, EDSGER_DM] = ['C0GLOBEX01', 'D0EDSGER01'];
export const [ACME_TEAM, GLOBEX_TEAM] = ['T0ACME0001', 'T0GLOBEX01'];
export const OAUTH = {
  clientId: '111.222',
  clientSecret: 'client-secret',
  redirectUrls: ['http://127.0.0.1:9/first', 'http://127.0.0.1:9/second'],
};
const SCOPES = 'commands,files:read,chat:write,im:history,im:write,users:read';
export const BOT = 'xoxb-local';
const APP = 'xapp-local';

interface Envelope {
  envelope_id: string;
  type: string;
  payload: Record<string, unknown>;
}
type Json = Record<string, unknown>;

/** A local Slack on a clock of its own, and a client with no library in between. */
export class SlackRig {
  nowMs = Date.now();
  private readonly sockets: WebSocket[] = [];

  private constructor(
    readonly dataDir: string,
    public slack: LocalSlack,
  ) {}

  /** Acme with the app installed; under `oauth` nothing is installed. */
  static async start(options: Partial<SlackOptions> = {}): Promise<SlackRig> {
    const dataDir = await mkdtemp(join(tmpdir(), 'slack-rules-'));
    const rig: SlackRig = new SlackRig(dataDir, await launch(dataDir, () => rig.nowMs, options));
    return rig;
  }

  async restart(options: Partial<SlackOptions>): Promise<void> {
    await this.slack.close();
    this.slack = await launch(this.dataDir, () => this.nowMs, options);
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.terminate();
    await this.slack.close();
    await rm(this.dataDir, { recursive: true, force: true });
  }

  /** One Web API call with a JSON body. */
  async call(method: string, args: object, token = BOT): Promise<{ status: number; body: Json }> {
    const headers = {
      'content-type': 'application/json',
      ...(token && { authorization: `Bearer ${token}` }),
    };
    const init = { method: 'POST', headers, body: JSON.stringify(args) };
    const response = await fetch(`${this.slack.url}/api/${method}`, init);
    return { status: response.status, body: (await response.json()) as Json };
  }

  /** The `error` of a Web API call. */
  async refused(method: string, args: object, token = BOT): Promise<unknown> {
    return (await this.call(method, args, token)).body.error;
  }

  /** Slack's page for installing the app, as the app sends the browser there. */
  authorizeUrl(change: Record<string, string> = {}): string {
    const query = { client_id: OAUTH.clientId, scope: 'commands,files:read', state: 'st&te', ...change };
    return `${this.slack.url}/oauth/v2/authorize?${new URLSearchParams(query)}`;
  }

  /** The code that somebody's Allow gives. */
  allow(userId: string, change: Record<string, string> = {}, isEnterpriseInstall = false): string {
    const url = this.authorizeUrl(change);
    const next = this.slack.control.authorize({ userId, url, isEnterpriseInstall });
    return new URL(next).searchParams.get('code') ?? '';
  }

  /** oauth.v2.access with the app's secret, as a form. */
  async access(fields: Record<string, string>): Promise<Json> {
    const secret = { client_id: OAUTH.clientId, client_secret: OAUTH.clientSecret };
    const body = new URLSearchParams({ ...secret, ...fields });
    return (await (
      await fetch(`${this.slack.url}/api/oauth.v2.access`, { method: 'POST', body })
    ).json()) as Json;
  }

  /** Installs the app for a person's workspace, and gives its tokens. */
  async install(userId: string, scope = SCOPES): Promise<{ token: string; refreshToken: string }> {
    const answer = await this.access({ code: this.allow(userId, { scope }) });
    return { token: String(answer.access_token), refreshToken: String(answer.refresh_token) };
  }

  /** Ada types `/share a@b.co` in #general. */
  command() {
    return this.slack.control.runCommand({
      userId: ADA,
      channelId: GENERAL,
      command: '/share',
      text: 'a@b.co',
    });
  }

  async openModal(change: object = {}): Promise<{ id: string; hash: string }> {
    const { body } = await this.call('views.open', {
      trigger_id: this.command().triggerId,
      view: modal(change),
    });
    return body.view as { id: string; hash: string };
  }

  async socketUrl(): Promise<string> {
    return String((await this.call('apps.connections.open', {}, APP)).body.url);
  }

  /** A raw Socket Mode client; `handle` decides when and with what it acknowledges. */
  async connect(handle?: (envelope: Envelope, ack: (payload?: object) => void) => void): Promise<void> {
    const socket = await this.openSocket(await this.socketUrl());
    socket.on('message', (data: Buffer) => {
      const envelope = JSON.parse(data.toString()) as Envelope;
      if (envelope.type === 'hello') return;
      const ack = (payload: object = {}): void => {
        socket.send(JSON.stringify({ envelope_id: envelope.envelope_id, payload }));
      };
      if (handle) handle(envelope, ack);
      else ack();
    });
  }

  async openSocket(url: string): Promise<WebSocket> {
    const socket = new WebSocket(url);
    this.sockets.push(socket);
    await new Promise((done, fail) => socket.once('open', done).once('error', fail));
    return socket;
  }
}

/** A modal with one text input. */
export function modal(change: object): object {
  const title = { type: 'plain_text', text: 'Share' };
  const to = {
    type: 'input',
    block_id: 'to',
    label: title,
    element: { type: 'plain_text_input', action_id: 'to' },
  };
  return { type: 'modal', title, submit: title, blocks: [to], ...change };
}

function launch(dataDir: string, now: () => number, options: Partial<SlackOptions>): Promise<LocalSlack> {
  const installed = options.oauth ? {} : { botToken: BOT };
  return startSlack({ port: 0, dataDir, ...installed, appToken: APP, now, ...options });
}
