# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host's own history of its services: read before a diagnosis, written after it."""

from __future__ import annotations

from .._host_state import paths
from .._host_state.history import History, Sample
from .._managers import ManagerError
from .lives import cut

ENOUGH = 3600.0  # seconds recorded of the life that runs: then one sample more tells where it stands, and no window is needed
ENOUGH_SAMPLES = 30  # in that time
FRESH = 300.0  # seconds since the last recorded sample
RECORD_EVERY = 5.0  # seconds between those samples of a window that are recorded


def read(evidence, state_dir, boot, epoch, uptime):
    """Put the recorded lives into the evidence of each service; return warnings about what could not be read."""
    warnings = []
    for identity, one in evidence.items():
        try:
            samples, problems = _store(one.service, state_dir).read(identity)
        except (paths.StateError, ManagerError) as error:
            samples, problems = [], ["history was not read: %s" % error]
        one.lives = cut(samples, boot, epoch, uptime)
        one.is_damaged = any("damaged" in problem for problem in problems)
        warnings += problems
    return warnings


def suffices(evidence, boot, now):
    """Tell whether the history of every running service is long and fresh enough to judge by."""
    targets = [(one, one.service.target()) for one in evidence.values()]
    running = [(one, target) for one, target in targets if target is not None]
    return bool(running) and all(_is_long_and_fresh(one, (boot, *target.life), now) for one, target in running)


def _is_long_and_fresh(one, identity, now):
    life = next((life for life in one.lives if life.identity == identity), None)
    return life is not None and life.end - life.begin >= ENOUGH and life.samples >= ENOUGH_SAMPLES and now - life.end <= FRESH


def write(evidence, seen, state_dir, boot):
    """Append what the window saw; return warnings. A history that cannot be written never spoils a diagnosis."""
    batches, warnings = {}, []
    for identity, one in evidence.items():
        samples = [sample for segment in one.segments for sample in _samples(segment, seen, boot)]
        try:
            store = _store(one.service, state_dir)
        except (paths.StateError, ManagerError) as error:
            warnings.append("history of %s was not recorded: %s" % (identity, error))
            continue
        batches.setdefault(store.directory, (store, {}))[1][identity] = samples
    for store, batch in batches.values():
        try:
            store.append(batch)
            for identity in batch:
                if evidence[identity].is_damaged:
                    warnings += store.repair(identity)
        except (paths.StateError, OSError) as error:
            warnings.append("history was not recorded: %s" % error)
    return warnings


def _store(service, state_dir):
    return History(paths.record_directory(service.manager.scope, service.manager.owner(), state_dir))


def _samples(segment, seen, boot):
    """Return the samples of a segment that are worth keeping, with the boot clock beside the epoch."""
    moments = {}
    for name, points in segment.points.items():
        for when, value in points:
            moments.setdefault(when, {})[name] = value
    kept, last = [], None
    for when in sorted(moments):
        if last is None or when - last >= RECORD_EVERY:
            last = when
            kept.append(Sample(when, seen.uptime + when - seen.epoch, boot, segment.target.main_pid, segment.target.start_ticks, moments[when]))
    return kept
