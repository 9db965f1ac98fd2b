{{- define "shorthaul.agent.fullname" -}}
{{ include "shorthaul.fullname" . }}-agent
{{- end }}

{{- define "shorthaul.agent.image" -}}
{{- $image := .Values.agent.image }}
{{- if $image.digest }}
{{- printf "%s@%s" (required "agent.image.repository names the NetObserv eBPF agent's image; give it" $image.repository) $image.digest }}
{{- else }}
{{- printf "%s:%s" (required "agent.image.repository names the NetObserv eBPF agent's image; give it" $image.repository) (required "agent.image.tag or agent.image.digest says which agent runs; give one" $image.tag) }}
{{- end }}
{{- end }}

{{/* Its own: the chart labels it for a privileged pod, which must hold for nothing else. */}}
{{- define "shorthaul.agent.namespace" -}}
{{- $namespace := .Values.agent.namespace }}
{{- if eq $namespace .Release.Namespace }}
{{- fail (printf "agent.namespace %s is the release's own namespace, and the agent needs one where pod security is privileged; give another, such as shorthaul-agent" $namespace) }}
{{- end }}
{{- $namespace }}
{{- end }}

{{/* Not empty where the chart's agent sends to the chart's collector. */}}
{{- define "shorthaul.agent.sendsHere" -}}
{{- if and .Values.agent.enabled .Values.collector.enabled (not .Values.agent.target.host) -}}
true
{{- end }}
{{- end }}

{{/* Where the agent sends to: what was given, or the collector's Service. */}}
{{- define "shorthaul.agent.target" -}}
{{- if .Values.agent.target.host -}}
{{ .Values.agent.target.host }}
{{- else if .Values.collector.enabled -}}
{{ include "shorthaul.collector.fullname" . }}.{{ .Release.Namespace }}.svc
{{- else -}}
{{ fail "agent.enabled needs collector.enabled, or a collector in agent.target.host" }}
{{- end }}
{{- end }}

{{- define "shorthaul.agent.targetPort" -}}
{{- $collector := .Values.collector }}
{{- if .Values.agent.target.port -}}
{{ .Values.agent.target.port }}
{{- else if ne .Values.agent.protocol "tcp" -}}
{{ last $collector.udpPorts }}
{{- else if $collector.tcpPort -}}
{{ $collector.tcpPort }}
{{- else -}}
{{ fail "agent.protocol is tcp, but collector.tcpPort is 0; give it a port" }}
{{- end }}
{{- end }}
