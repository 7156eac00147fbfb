# Copyright (c) 2026 sysops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: prometheus_series
version_added: 0.1.0
short_description: Series of many services of many hosts from Prometheus, in one query per resource
description:
  - Asks Prometheus (or what speaks its API - Thanos, Mimir, VictoriaMetrics) with one range query per resource for a whole group of hosts, and
    sorts the answer by host, service and resource, as O(sysops.remediation.memory_leak_info#module:series) wants it.
  - Runs on the controller. Role P(sysops.remediation.diagnose#role) calls it once per run and gives each host its own services only.
  - Whatever goes wrong is one clear error, or with O(problems=return) one line of the answer, so that a diagnosis can go on with its other sources and say so.
author:
  - sysops.remediation contributors (@sysops-remediation)
options:
  _terms:
    description:
      - Hosts that are wanted, by inventory name. Without any, everything is returned.
    type: list
    elements: str
    default: []
  problems:
    description:
      - V(raise) fails when Prometheus cannot be used. V(return) never fails because of it; the answer then has a second element, a list of what was wrong.
    type: str
    choices: [raise, return]
    default: raise
  url:
    description:
      - Base URL of Prometheus, for example V(https://prometheus.example.com) or V(https://mimir.example.com/prometheus).
    type: str
    required: true
  queries:
    description:
      - A dictionary from resource (V(anon), V(swap), V(shmem), V(kernel), V(fds), V(threads), V(children), V(sockets), V(file)) to a PromQL expression.
      - Its series should be one per host and service. Where several map to the same, aggregate in the expression (C(sum by (...))).
    type: dict
    required: true
  host:
    description:
      - Jinja2 template with the delimiters C([[) and C(]]), from labels to inventory name. Each label is a variable; C(labels) is a dictionary of all.
    type: str
    default: "[[ instance.rsplit(':', 1)[0] ]]"
  service:
    description:
      - The same, from labels to the name of the service or its key, for example V(systemd/postfix.service).
    type: str
    required: true
  window:
    description:
      - How far back to look.
    type: str
    default: 24h
  step:
    description:
      - Distance of two points. It is raised so that a series has at most 500 points. Empty means just that.
    type: str
    default: ""
  timeout:
    description:
      - Time for one query, altogether.
    type: str
    default: 30s
  max_series:
    description:
      - An answer with more series than this is an error, because the expression probably selects too much.
    type: int
    default: 20000
  username:
    description:
      - For basic authentication.
    type: str
  password:
    description:
      - For basic authentication.
    type: str
  token:
    description:
      - Bearer token.
    type: str
  headers:
    description:
      - More headers, for example C(X-Scope-OrgID).
    type: dict
    default: {}
  ca_file:
    description:
      - PEM file with the certificate authority to trust instead of those of the system.
    type: path
  client_cert:
    description:
      - PEM file with the client's certificate.
    type: path
  client_key:
    description:
      - PEM file with its key.
    type: path
  validate_certs:
    description:
      - Whether the server's certificate must be valid.
    type: bool
    default: true
notes:
  - See C(docs/prometheus.md) for expressions that fit common exporters.
seealso:
  - module: sysops.remediation.memory_leak_info
"""

EXAMPLES = r"""
- name: Ask once for the whole group
  ansible.builtin.set_fact:
    fleet_series: >-
      {{ lookup('sysops.remediation.prometheus_series', *ansible_play_hosts_all, url='https://prometheus.example.com', token=vault_token,
                queries={'anon': 'container_memory_rss{id=~"/system.slice/.+[.]service"}'}, service="[[ id.split('/')[-1] ]]") }}
  run_once: true

- name: Diagnose with it
  sysops.remediation.memory_leak_info:
    services:
      - name: postfix.service
    series: "{{ fleet_series[inventory_hostname] | default({}) }}"
"""

RETURN = r"""
_raw:
  description:
    - A dictionary from host to service to resource to a list of C([epoch seconds, value]), at most 500 of them.
    - With O(problems=return) also a list of lines for people, empty if all went well.
  type: list
  elements: raw
  sample: [{mail1: {postfix.service: {anon: [[1764036000.0, 12345678], [1764036060.0, 12355678]]}}}]
"""

from ansible.errors import AnsibleError, AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible.utils.display import Display

from ..plugin_utils._prometheus import PrometheusError, fetch_series

display = Display()

OPTIONS = ("url", "queries", "host", "service", "window", "step", "timeout", "max_series")
ACCESS = ("username", "password", "token", "headers", "ca_file", "client_cert", "client_key", "validate_certs")


class LookupModule(LookupBase):
    def run(self, terms, variables=None, **kwargs):
        try:
            series, remarks = self._fetch(terms, variables, kwargs)
        except (PrometheusError, AnsibleError) as problem:
            if kwargs.get("problems") != "return":
                raise AnsibleLookupError(f"prometheus_series: {problem}") from problem
            series, remarks = {}, [f"{problem}"]
        for remark in remarks:
            display.warning(f"prometheus_series: {remark}")
        return [series, remarks] if kwargs.get("problems") == "return" else [series]

    def _fetch(self, terms, variables, given):
        self.set_options(var_options=variables, direct=given)
        options = {name: self.get_option(name) for name in OPTIONS}
        access = {name: self.get_option(name) for name in ACCESS}
        return fetch_series(options, access, hosts=[str(term) for term in terms])
