{{- define "shorthaul.collector.fullname" -}}
{{ include "shorthaul.fullname" . }}-collector
{{- end }}

{{/* The workload's kind: several replicas of one Deployment would not know each other's names. */}}
{{- define "shorthaul.collector.kind" -}}
{{- $many := gt (int .Values.collector.replicas) 1 -}}
{{- if and $many (eq .Values.collector.kind "Deployment") }}StatefulSet{{ else }}{{ .Values.collector.kind }}{{ end }}
{{- end }}

{{/* Not empty where collectors share exporters. */}}
{{- define "shorthaul.collector.shares" -}}
{{- if eq (include "shorthaul.collector.kind" .) "StatefulSet" -}}
true
{{- end }}
{{- end }}

{{/*
Fails where a StatefulSet's name is too long: a label of its pods is that name and a revision, and
without pods nobody would say why.
*/}}
{{- define "shorthaul.collector.nameChecked" -}}
{{- $name := include "shorthaul.collector.fullname" . }}
{{- if and (include "shorthaul.collector.shares" .) (gt (len $name) 52) }}
{{- fail (printf "collectors that share exporters are a StatefulSet, whose name %s has %d letters of 52 at most; give a fullnameOverride of 42 letters at most" $name (len $name)) }}
{{- end }}
{{- end }}

{{/* Not empty where each collector has a claim of its own; fails where that cannot be. */}}
{{- define "shorthaul.collector.persists" -}}
{{- if .Values.collector.persistence.enabled }}
{{- $kind := include "shorthaul.collector.kind" . }}
{{- if ne $kind "StatefulSet" }}
{{- fail (printf "collector.persistence.enabled gives each collector of a StatefulSet a claim of its own, and this is a %s; give collector.kind StatefulSet, or collector.spool.claimName for one replica of a Deployment" $kind) }}
{{- end }}
{{- if not .Values.collector.spool.enabled }}
{{- fail "collector.persistence.enabled is for the spool, and collector.spool.enabled is false; give either" }}
{{- end -}}
true
{{- end }}
{{- end }}

{{/* What the spool keeps and a little more, in bytes: beyond an emptyDir's limit the kubelet ends the pod. */}}
{{- define "shorthaul.collector.spoolRoom" -}}
{{ printf "%.0f" (mulf 1.25 (float64 .Values.collector.spool.bytes)) }}
{{- end }}

{{/* Fails where two ports have one number, or where anybody may send and nobody said so. */}}
{{- define "shorthaul.collector.checked" -}}
{{- $ports := concat .Values.collector.udpPorts (list .Values.collector.metricsPort) }}
{{- with .Values.collector.tcpPort }}
{{- $ports = append $ports . }}
{{- end }}
{{- if .Values.collector.spool.enabled }}
{{- $ports = append $ports .Values.collector.spool.port }}
{{- end }}
{{- if include "shorthaul.collector.shares" . }}
{{- $ports = append $ports .Values.collector.peers.port }}
{{- end }}
{{- $seen := dict }}
{{- range $ports }}
{{- $port := include "shorthaul.plain" . }}
{{- if hasKey $seen $port }}
{{- fail (printf "port %s is more than one of collector.udpPorts, .tcpPort, .metricsPort, .spool.port and .peers.port; upgrades tell ports apart by number alone, so give each a number of its own" $port) }}
{{- end }}
{{- $_ := set $seen $port true }}
{{- end }}
{{- $named := or .Values.collector.allow .Values.collector.flowsFrom }}
{{- if and .Values.collector.openToAll $named }}
{{- fail "collector.openToAll is true, but collector.allow or collector.flowsFrom say who may send flows; give either" }}
{{- end }}
{{- if not (or .Values.collector.openToAll (include "shorthaul.collector.closed" .)) }}
{{- fail "collector.enabled would take flows from anybody, and who forges flows can attract pods; give collector.allow the exporters' networks (the nodes' too, for an agent and a collector that is not a DaemonSet), or, with networkPolicy.enabled, give collector.flowsFrom peers; collector.openToAll: true says that anybody may" }}
{{- end }}
{{- end }}

{{/*
Not empty where not everybody can send. Peers hold by the NetworkPolicy only. The agent's own peer is
enough for a DaemonSet, since no NetworkPolicy cuts a pod off from its own node; from other nodes most
networks take what comes from the node's network for the node's, and not for a pod's.
*/}}
{{- define "shorthaul.collector.closed" -}}
{{- $beside := and (eq .Values.collector.kind "DaemonSet") (include "shorthaul.agent.sendsHere" .) }}
{{- if or .Values.collector.allow (and .Values.networkPolicy.enabled (or .Values.collector.flowsFrom $beside)) -}}
true
{{- end }}
{{- end }}

{{/* Ports that flows come in on, as a list of name, protocol and number. */}}
{{- define "shorthaul.collector.flowPorts" -}}
{{- range .Values.collector.udpPorts }}
- {name: udp-{{ . }}, protocol: UDP, port: {{ . }}}
{{- end }}
{{- with .Values.collector.tcpPort }}
- {name: tcp-{{ . }}, protocol: TCP, port: {{ . }}}
{{- end }}
{{- end }}
