{{- define "shorthaul.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "shorthaul.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" }}
{{- else if contains (include "shorthaul.name" .) .Release.Name }}
{{- .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "shorthaul.name" .) | trunc 50 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "shorthaul.serviceAccount" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "shorthaul.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "shorthaul.username" -}}
system:serviceaccount:{{ .Release.Namespace }}:{{ include "shorthaul.serviceAccount" . }}
{{- end }}

{{- define "shorthaul.selectorLabels" -}}
app.kubernetes.io/name: {{ include "shorthaul.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "shorthaul.labels" -}}
{{ include "shorthaul.selectorLabels" . }}
{{ include "shorthaul.commonLabels" . }}
{{- end }}

{{/*
Of a component beside the operator, `list $ "agent"`: other labels than the operator's, so that no
selector takes another one's pods. A label's value has 63 letters at most.
*/}}
{{- define "shorthaul.component.selectorLabels" -}}
{{- $root := first . }}
{{- $component := last . -}}
app.kubernetes.io/name: {{ include "shorthaul.name" $root | trunc (int (sub 62 (len $component))) | trimSuffix "-" }}-{{ $component }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
{{- end }}

{{- define "shorthaul.component.labels" -}}
{{ include "shorthaul.component.selectorLabels" . }}
app.kubernetes.io/component: {{ last . }}
{{ include "shorthaul.commonLabels" (first .) }}
{{- end }}

{{- define "shorthaul.commonLabels" -}}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: shorthaul
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "shorthaul.image" -}}
{{- if .Values.image.digest }}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) }}
{{- end }}
{{- end }}

{{- define "shorthaul.metricsPort" -}}
{{- default 9090 .Values.settings.metricsPort | int }}
{{- end }}

{{- define "shorthaul.healthPort" -}}
{{- default 8080 .Values.settings.healthPort | int }}
{{- end }}

{{/* The version of MutatingAdmissionPolicy that the cluster has; empty when it has none. */}}
{{- define "shorthaul.mutatingApiVersion" -}}
{{- if .Values.admission.mutatingApiVersion -}}
{{ .Values.admission.mutatingApiVersion }}
{{- else if semverCompare ">=1.36.0-0" .Capabilities.KubeVersion.Version -}}
v1
{{- else if .Capabilities.APIVersions.Has "admissionregistration.k8s.io/v1beta1/MutatingAdmissionPolicy" -}}
v1beta1
{{- end }}
{{- end }}

{{/* A CEL expression: the request comes from the operator, or from a controller that cleans up. */}}
{{- define "shorthaul.trustedUser" -}}
request.userInfo.username in {{ prepend .Values.admission.systemUsers (include "shorthaul.username" .) | toJson | replace "\"" "'" }}
{{- end }}

{{/* A number without an exponent, or a text as it is: Helm reads 1000000 as 1e+06. */}}
{{- define "shorthaul.plain" -}}
{{- if kindIs "string" . }}{{ . }}{{ else }}{{ printf "%.15g" (float64 .) }}{{ end }}
{{- end }}
