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

{{/*
A container that runs before the agent and as long as it: an agent that is refused at once has its
socket for a second. It sees the node's sockets, since it is on the node's network, and needs no right.
*/}}
{{- define "shorthaul.agent.sentinel" -}}
{{- $sentinel := .Values.agent.sentinel -}}
- name: sentinel
  image: {{ include "shorthaul.image" . | quote }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  restartPolicy: Always
  args:
  - sentinel
  - --target-port={{ include "shorthaul.agent.targetPort" . }}
  - --transport={{ .Values.agent.protocol }}
  - --port={{ $sentinel.port }}
  - --log-format={{ .Values.logFormat }}
  startupProbe:
    httpGet: {host: 127.0.0.1, path: /, port: {{ $sentinel.port }}}
    periodSeconds: 1
    timeoutSeconds: 5
    # Any answer would do; until the agent has run there is nothing to be gone.
    failureThreshold: 120
  resources: {{- toYaml $sentinel.resources | nindent 4 }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 65532
    runAsGroup: 65532
    allowPrivilegeEscalation: false
    capabilities: {drop: [ALL]}
    readOnlyRootFilesystem: true
    seccompProfile: {type: RuntimeDefault}
{{- end }}
