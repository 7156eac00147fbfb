#!/usr/bin/python
# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: memory_leak_info
short_description: Diagnose memory leaks of services
version_added: 0.1.0
author: sysops.remediation contributors (@sysops-remediation)
description:
  - Samples services of a host for a while, all of them in the same window, adds what the host recorded of them before, and says of each
    whether it leaks, what, how fast, and when which limit will be reached.
  - A service that does not run is diagnosed post mortem, that is from its manager's facts, the kernel's log and the recorded history.
  - Judges anonymous memory, swap, shared memory, kernel memory, file descriptors, threads, child processes, zombies and sockets. Page cache is
    watched so that it can be ruled out, and never counted.
  - Memory is that of the service's own control group (v1 or v2); without one, the sum over its process tree, in which pages that forked workers
    share count once.
  - Needs nothing installed on the host. Run it with C(become=true); without it the descriptors of other users' processes stay unknown, and the
    result says so.
extends_documentation_fragment:
  - sysops.remediation.service.state_dir
attributes:
  check_mode:
    description: Can run in check mode and return the same diagnosis. In check mode O(record) and O(probes) are ignored.
    support: full
  diff_mode:
    description: Has nothing to show, as nothing is changed.
    support: none
  idempotent:
    description: Running it again changes nothing. The measurements differ, of course.
    support: full
options:
  services:
    description:
      - The services to diagnose.
      - Empty means every running service that a service manager of the host knows.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the service as its manager knows it, for example V(postfix.service), V(web:web-0) or V(imap).
        type: str
        required: true
      manager:
        description:
          - The service manager that owns the service.
          - V(auto) decides from facts of the host and says why in RV(diagnoses[].manager_reason).
        type: str
        choices: [auto, systemd, supervisord, docker, podman, sysv]
        default: auto
      scope:
        description: V(system) for services of the host, V(user) for systemd units of the user that the task runs as.
        type: str
        choices: [system, user]
        default: system
      server:
        description: Socket or URL at which supervisord or the container engine listens, if it is not the usual place.
        type: str
  window:
    description:
      - How long to watch, such as V(20s) or V(5m). A window of seconds can at best suspect a leak; confirming one takes history.
      - It must hold 10 samples.
      - Not needed, and skipped, when the recorded history of every service covers its running incarnation for an hour and is fresh.
        Then one sample is taken.
    type: str
    default: 20s
  interval:
    description: Time between two samples.
    type: str
    default: 1s
  series:
    description:
      - Series from elsewhere, for example from the lookup P(sysops.remediation.prometheus_series#lookup).
      - A dictionary from service (name, or key such as V(systemd/postfix.service)) to a dictionary from resource (V(anon), V(fds), ...) to a list of
        C([epoch seconds, value]). Of more than 500 points per resource every n-th is taken.
      - A series is joined with the host's own values only where both overlap and agree. RV(diagnoses[].sources) says what was used.
    type: dict
    default: {}
  series_notes:
    description:
      - What there is to say about O(series), for example that Prometheus was down. It is returned among the warnings of each diagnosis, so that whoever reads
        one knows what it could not rest on.
    type: list
    elements: str
    default: []
  record:
    description: Append the samples to the history in O(state_dir), which keeps 14 days and at most 64 MiB. Never in check mode.
    type: bool
    default: false
  use_history:
    description: Use the history that was recorded before.
    type: bool
    default: true
  probes:
    description:
      - Risky evidence that settles a suspicion about a running service whose memory grows. Each has a danger, so none is made by default,
        and none in check mode.
      - V(malloc_info) asks glibc's allocator how much of it is free, which tells fragmentation from a leak. It needs C(gdb), which stops the process and
        calls into it. If a thread holds the allocator's lock the process hangs until C(gdb) gives up, and it may crash afterwards. C(gdb)
        is tried on a process of our own first; where it fails there, the service is not touched and a warning says so.
      - V(jvm_full_gc) collects the whole heap of a JVM with C(jcmd), which tells growth that lives from garbage. That stops the JVM for the whole collection,
        which is seconds per 10 GB, and attaching sends it SIGQUIT; one that has no handler for it (C(-Xrs)) would end, and is left alone.
    type: list
    elements: str
    choices: [malloc_info, jvm_full_gc]
    default: []
  max_points:
    description: Points per resource that are returned for charts.
    type: int
    default: 60
seealso:
  - module: sysops.remediation.service_restart
"""

EXAMPLES = r"""
- name: Does the mail server leak?
  sysops.remediation.memory_leak_info:
    services:
      - name: postfix.service
  become: true
  register: seen

- name: Show the verdict
  ansible.builtin.debug:
    msg: "{{ seen.diagnoses[0].summary }}"

- name: Look at every running service for five minutes
  sysops.remediation.memory_leak_info:
    window: 5m
    interval: 5s
    record: true
  become: true

- name: A program of a supervisord that listens in an unusual place
  sysops.remediation.memory_leak_info:
    services:
      - name: web:web-0
        manager: supervisord
        server: unix:///srv/app/supervisor.sock
"""

RETURN = r"""
host:
  description: Facts of the host. Sizes are bytes.
  returned: success
  type: dict
  sample: {boot_id: 61796219-f5ce-4f68-8ba7-0c4d68f35e67, cgroup: v2, mem_available: 31000, mem_total: 41000, swap_free: 0, swap_total: 0, time: 1795626815.7}
window:
  description: Seconds that were watched; V(0) when the recorded history made a window unnecessary.
  returned: success
  type: float
  sample: 20.0
diagnoses:
  description: One diagnosis per service, each at most 48 KiB as JSON.
  returned: success
  type: list
  elements: dict
  contains:
    service:
      description: Key of the service, C(manager/name).
      type: str
      sample: systemd/postfix.service
    name:
      description: Canonical name of the service.
      type: str
      sample: postfix.service
    manager:
      description: Its service manager.
      type: str
      sample: systemd
    manager_reason:
      description: Why this manager was asked.
      type: str
      sample: "auto: systemd runs as PID 1 and knows postfix.service"
    scope:
      description: V(system) or V(user).
      type: str
      sample: system
    server:
      description: Where the manager listens, if that was given.
      type: str
    state:
      description: What the manager says of it. C(stopped_at) is epoch seconds.
      type: dict
      sample: {active: running, exit_code: null, exit_signal: null, n_restarts: 0, notes: [], result: success, stopped_at: null, sub: running}
    incarnation:
      description: The life that was diagnosed; its C(id) is what O(sysops.remediation.service_restart#module:expect) takes. V(null) when it does not run.
      type: dict
      sample: {boot_id: 61796219, id: "61796219:812:5120:-", invocation_id: null, main_pid: 812, start_ticks: 5120, started_at: 1795620000.0}
    verdict:
      description:
        - One of V(leak_confirmed), V(leak_suspected), V(growth_unexplained), V(fragmentation), V(cache_growth), V(warmup), V(sawtooth), V(step_change),
          V(load_correlated), V(healthy), V(insufficient_data), and for a service that does not run V(oom_killed), V(crashed), V(stopped).
      type: str
      sample: leak_suspected
    urgency:
      description: V(now), V(hours), V(days) or V(none).
      type: str
      sample: hours
    resource:
      description: The resource that carries the verdict.
      type: str
      sample: anon
    summary:
      description: One line for people.
      type: str
      sample: anon grows 2.1 MiB/min; MemoryMax (256 MiB) is reached in 48 min to 1 h 5 min
    explanation:
      description: Two or three sentences with numbers.
      type: list
      elements: str
    exhaustion:
      description: When the nearest limit is reached, as an interval in seconds; C(seconds_high) is V(null) when it may never be.
      type: dict
      sample: {limit: 268435456, limit_name: MemoryMax, now: 161061273, resource: anon, seconds_high: 3900.0, seconds_low: 2880.0, unit: bytes}
    gates:
      description: The checks that led to the verdict, each with C(name), C(passed), C(detail), C(value), C(threshold), C(unit).
      type: list
      elements: dict
    resources:
      description:
        - By name (C(anon), C(swap), C(shmem), C(kernel), C(fds), C(threads), C(children), C(zombies), C(sockets), C(file)) the verdict on each resource,
          with its C(unit), first and last value, C(slope) per second as interval, C(limit), C(gates), C(points) for a chart and C(source).
      type: dict
    sources:
      description: What the live window, the history and the handed-in series contributed, and why one was not used.
      type: list
      elements: dict
      sample: [{end: 1795626815.7, name: live, points: 21, start: 1795626795.7, used: true, why: carries the verdict}]
    process:
      description: Main process, number of processes, descriptors by kind, and the biggest processes with their growth in the window. Sizes are bytes.
      type: dict
      sample: {comm: master, count: 7, fds: {socket: 24}, main_pid: 812, runtime: null, top: [{anon: 9000000, comm: smtpd, grown: 4096, pid: 990, pss: null}]}
    post_mortem:
      description:
        - For a service that does not run or dies again and again, C(kind), C(cause) (V(unit_limit), V(group_limit) of a slice or container that it shares,
          V(host_oom), V(loop) or V(other)), C(culprit), C(evidence), and for V(loop) the number of C(restarts).
      type: dict
      sample: {cause: unit_limit, culprit: null, evidence: ["systemd: its main process was ended by SIGKILL (9)"], kind: oom_killed}
    sparkline:
      description: The series as a line of bars.
      type: str
      sample: ▁▂▃▅▇
    warnings:
      description: What limits this diagnosis.
      type: list
      elements: str
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils import _diagnosis, _run, _spec, _units
from ..module_utils._managers import ManagerError


def main():
    module = _spec.quiet(AnsibleModule)(
        argument_spec=dict(
            _spec.state_dir_spec(),
            services={"type": "list", "elements": "dict", "default": [], "options": _spec.service_spec()},
            window={"type": "str", "default": "20s"},
            interval={"type": "str", "default": "1s"},
            series={"type": "dict", "default": {}},
            series_notes={"type": "list", "elements": "str", "default": []},
            record={"type": "bool", "default": False},
            use_history={"type": "bool", "default": True},
            probes={"type": "list", "elements": "str", "choices": ["malloc_info", "jvm_full_gc"], "default": []},
            max_points={"type": "int", "default": 60},
        ),
    )
    try:
        result = _diagnosis.diagnose_host(request(module.params, module.check_mode), _run.run)
    except (ValueError, ManagerError) as error:
        module.fail_json(msg=str(error))
    for warning in result.pop("warnings"):
        module.warn(warning)
    module.exit_json(changed=False, **result)


def request(params, check_mode):
    """Return the Request; raise ValueError that names the parameter."""
    window, interval = (_units.read_option(_units.parse_duration, params, name) for name in ("window", "interval"))
    if params["max_points"] < 0:
        raise ValueError("max_points: %d is negative" % params["max_points"])
    return _diagnosis.Request(
        params["services"],
        window,
        interval,
        series=params["series"],
        series_notes=params["series_notes"],
        record=params["record"] and not check_mode,
        use_history=params["use_history"],
        state_dir=params["state_dir"],
        probes=[] if check_mode else params["probes"],
        max_points=params["max_points"],
    )


if __name__ == "__main__":
    main()
