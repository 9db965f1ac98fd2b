{{- define "shorthaul.collector.fullname" -}}
{{ include "shorthaul.fullname" . }}-collector
{{- end }}

{{/* Other labels than the operator's, so that neither selects the other's pods. */}}
{{- define "shorthaul.collector.selectorLabels" -}}
app.kubernetes.io/name: {{ include "shorthaul.name" . | trunc 53 | trimSuffix "-" }}-collector
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "shorthaul.collector.labels" -}}
{{ include "shorthaul.collector.selectorLabels" . }}
app.kubernetes.io/component: collector
{{ include "shorthaul.commonLabels" . }}
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
