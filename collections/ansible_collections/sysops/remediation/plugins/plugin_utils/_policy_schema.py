# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The schema of one entry of ``remediation_services``: declared here, once.

Validation, defaults and the reference in docs/policy.md all come from these tables.
"""

from __future__ import annotations

from ..module_utils._leaks import _words as words
from ..module_utils._managers import MANAGERS
from ._policy_kinds import REQUIRED, Boolean, Choice, Count, Duration, Field, Growth, Integer, Line, ListOf, Mapping, Section, Size, Text, Url, Variant
from ._policy_times import Moment, Rule, Start, Zone
from ._windows import NEVER, WHEN_URGENT

OBSERVE = "observe"
RECOMMEND = "recommend"
APPROVE = "approve"
AUTO = "auto"
ACTING = (APPROVE, AUTO)

# A verdict that says "something is wrong with it". The others are never a reason to act, so a policy cannot accept them.
SICK_VERDICTS = (*words.LEAKS, words.GROWTH_UNEXPLAINED, words.FRAGMENTATION, words.STEP_CHANGE, words.OOM_KILLED, words.CRASHED)

_TIMEOUT = Duration(1, 3600)

_ACCEPT = Section(
    Field(
        "verdicts", ListOf(Choice(*SICK_VERDICTS)), [words.LEAK_CONFIRMED, words.LEAK_SUSPECTED, words.OOM_KILLED, words.CRASHED], "Act only on these verdicts."
    ),
    Field("urgencies", ListOf(Choice(*words.URGENCIES)), [words.NOW, words.HOURS, words.DAYS], "Act only if the diagnosis is this urgent."),
)

_VERIFY = Section(
    Field("verify_for", Duration(0, 3600), "30s", "The service must stay active this long after the action, without restarting by itself."),
    Field("passes", Integer(1, 100), 3, "Every probe must pass this many times in a row."),
    Field("interval", Duration(0.1, 600), "2s", "Time between two rounds of probes."),
    Field("deadline", Duration(1, 7200), "2m", "Without proof by then, the action counts as failed."),
)

_GUARD = Section(
    Field("cooldown", Duration(), "30m", "No action within this time after our last one on the same service."),
    Field("max_attempts", Integer(1, 100), 3, "At most this many attempts within `guard.within`."),
    Field("within", Duration(60), "24h", "The time in which `guard.max_attempts` are counted."),
    Field("stand_down", Duration(), "10m", "Hands off if somebody else restarted or changed the service within this time."),
    Field("max_dependents", Integer(0, 10000), 5, "Refuse if more active services than this would go down with it."),
    Field("force_kill", Boolean(), False, "May it be killed if it does not stop in time?"),
    Field("reset_failed", Boolean(), False, "May a start-limit hit be cleared (`systemctl reset-failed`)?"),
    Field("daemon_reload", Boolean(), False, "May systemd re-read unit files that changed on disk since the start?"),
)

_EVIDENCE = Section(
    Field("collect", Boolean(), True, "Keep a bounded evidence bundle on the host before anything is touched."),
    Field("fetch", Boolean(), False, "Also fetch the bundle to the controller, below `remediation_report_dir`."),
)

_ZONE = Field("timezone", Zone(), "UTC", "Time zone of these times.")

_WINDOW = Section(
    Field("rrule", Rule(), "FREQ=DAILY", "On which days, as iCalendar RRULE (RFC 5545)."),
    Field("start", Start(), REQUIRED, "Local time at which it opens; with a day if the rule counts from one (every second week)."),
    Field("duration", Duration(60, 7 * 86400), REQUIRED, "How long it is open, in real time."),
    _ZONE,
)

_FREEZE = Section(
    Field("from", Moment(), None, "Begin of a freeze that happens once."),
    Field("until", Moment(), None, "Its end."),
    Field("rrule", Rule(), None, "Or on which days it recurs, as iCalendar RRULE."),
    Field("start", Start(), None, "Local time at which a recurring one begins."),
    Field("duration", Duration(60, 30 * 86400), None, "How long a recurring one lasts."),
    _ZONE,
    Field("reason", Line(), None, "Said to whoever asks why nothing was done."),
)

_APPROVE = Section(Field("expires", Duration(60, 86400), "15m", "How long a plan waits for a person."))

_EXPECT = "Text that must be in "
_ADDRESS = (
    Field("port", Integer(1, 65535), REQUIRED, "Port to connect to."),
    Field("host", Line(), "127.0.0.1", "Address to connect to, seen from the managed host."),
    Field("send", Text(), None, "Text to send after connecting."),
    Field("expect", Text(), None, _EXPECT + "the answer, for example the banner `220 `."),
)
_CERTIFICATES = (
    Field("ca_file", Line(), None, "PEM file on the managed host with the authorities to trust."),
    Field("validate_certs", Boolean(), True, "Must the certificate be valid?"),
)

# The probes that module_utils/_health can ask; a test compares the two.
PROBE = Variant(
    "type",
    "How the probe asks.",
    {
        "tcp": _ADDRESS,
        "tls": (*_ADDRESS, Field("server_name", Line(), None, "Name that the certificate must carry, if not `host`."), *_CERTIFICATES),
        "http": (
            Field("url", Url(), REQUIRED, "URL to get; redirects are answers and not followed."),
            Field("method", Choice("GET", "HEAD", "POST"), "GET", "HTTP method."),
            Field("headers", Mapping(), {}, "Headers to send."),
            Field("status", ListOf(Integer(100, 599)), [200], "Accepted status codes."),
            Field("expect", Text(), None, _EXPECT + "the body."),
            Field("json", Mapping(), {}, "Values in a JSON body, by dotted path: `{status: ok, queue.active: 0}`."),
            *_CERTIFICATES,
        ),
        "command": (
            Field("argv", ListOf(Text(), least=1), REQUIRED, "Command and arguments, run without a shell on the managed host."),
            Field("rc", Integer(0, 255), 0, "Exit code that means healthy."),
            Field("expect", Text(), None, _EXPECT + "what it prints."),
        ),
        "status_text": (Field("expect", Text(), REQUIRED, _EXPECT + "the status text that the service gives systemd."),),
        "log_line": (Field("expect", Text(), REQUIRED, _EXPECT + "a line that the service logs after the action began."),),
    },
    common=(Field("timeout", Duration(0.1, 600), "5s", "Time for one try."),),
)

_STEP_OVERRIDES = (
    Field("timeout", _TIMEOUT, "90s", "Time for the manager to do it."),
    Field("health", ListOf(PROBE), None, "Probes after this step, instead of those of the entry."),
    Field("verify", _VERIFY, None, "Verification of this step, instead of that of the entry."),
)

_SCALE = Section(
    Field("step", Growth(), "25%", "Raise the limit by this share of it, or by this size; at most it is doubled."),
    Field("memory_max", Size(), None, "Never raise it above this."),
    Field("persist", Boolean(), False, "Keep the new limit across reboots?"),
)

STEP = Variant(
    "action",
    "What the step does.",
    {
        "reload": (),
        "restart": (),
        "scale": (Field("scale", _SCALE, {}, "How far the memory limit is raised."),),
    },
    common=_STEP_OVERRIDES,
)

ENTRY = Section(
    Field("name", Line(), REQUIRED, "The service, as its manager knows it: `postfix.service`, `web:web-0`, `imap`. `.service` may be left out."),
    Field("manager", Choice("auto", *MANAGERS), "auto", "Who runs it. `auto` decides from facts of the host and says why."),
    Field("scope", Choice("system", "user"), "system", "`user`: a systemd unit of the user that Ansible logs in as."),
    Field("server", Line(), None, "Where supervisord or the container engine listens, if not at the usual place."),
    Field(
        "mode",
        Choice(OBSERVE, RECOMMEND, APPROVE, AUTO),
        RECOMMEND,
        "`observe`: diagnose only. `recommend`: say what would be done. `approve`: do it when a person agrees. `auto`: do it.",
    ),
    Field("approve", _APPROVE, {}, "For mode `approve`."),
    Field("accept", _ACCEPT, {}, "Which diagnoses are a reason to act."),
    Field("health", ListOf(PROBE), [], "Probes that must pass after an action. Without any, being active is all the proof there is."),
    Field(
        "ladder",
        ListOf(STEP, most=10),
        [{"action": "restart"}],
        "Steps, each with another action; the next one only if the one before is not proven to have helped. After the last, people are told.",
    ),
    Field("verify", _VERIFY, {}, "What counts as proof that an action helped."),
    Field("guard", _GUARD, {}, "Limits that the managed host itself enforces, whoever asks."),
    Field("group", Line(), None, "Inventory group whose hosts share one budget. Without one: all hosts of the inventory, for this service alone."),
    Field("max_unavailable", Count(), 1, "How many hosts of the group may be unavailable at once: down, unknown or being treated. A share is rounded down."),
    Field("allow_outage", Boolean(), False, "May it be acted on while it runs and no other host of the group stands in for it?"),
    Field("windows", ListOf(_WINDOW), [], "Maintenance windows. Without any, every time is right."),
    Field(
        "outside_windows",
        Choice(WHEN_URGENT, NEVER),
        WHEN_URGENT,
        "`when_urgent`: act outside the windows if the limit may be reached before the next one opens, or if the service is down. `never`: act only inside.",
    ),
    Field("freezes", ListOf(_FREEZE), [], "Times in which nothing is acted on, however urgent."),
    Field("notify", ListOf(Line()), None, "Names of the targets in `remediation_notify` that hear of this service. Without it: all."),
    Field("evidence", _EVIDENCE, {}, "What is kept before anything is touched."),
    Field("owner", Line(), None, "Who is responsible; printed in reports and notifications."),
    Field("runbook", Line(), None, "Link for the person who is woken."),
)
