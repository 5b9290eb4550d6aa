import type { Router } from 'express';
import { AppError } from '../../core/errors.js';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Answers 404 for a path whose ids are none, before any query sees them. */
export function requireUuids(router: Router, ...names: readonly string[]): void {
  for (const name of names) {
    router.param(name, (_req, _res, next, value: unknown) => {
      if (typeof value !== 'string' || !UUID.test(value))
        throw new AppError('not_found', 'page.not_found', {});
      next();
    });
  }
}
