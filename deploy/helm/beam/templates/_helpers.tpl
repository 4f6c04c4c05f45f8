{{- define "beam.labels" -}}
app.kubernetes.io/name: beam
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "beam.secret" -}}
{{ .Values.token.existingSecret | default (printf "%s-token" .Release.Name) }}
{{- end }}

{{- /* The key of the TLS authority is for the head alone: a mount and a volume of its pod. */ -}}
{{- define "beam.authorityMount" -}}
- { name: authority, mountPath: /run/secrets/beam-authority, readOnly: true }
{{- end }}

{{- define "beam.authorityVolume" -}}
- name: authority
  secret: { secretName: {{ required "tls: true needs token.existingSecret, a Secret with token and authority.key" .Values.token.existingSecret }}, items: [{ key: authority.key, path: authority.key }] }
{{- end }}

{{- /* What the head's container runs. */ -}}
{{- define "beam.serve" -}}
/opt/beam/bin/beam up --head{{ if .Values.tls }} --tls-authority /run/secrets/beam-authority/authority.key{{ end }} || exit
/opt/beam/bin/beam wait --nodes {{ .Values.nodes }} --gpus {{ mul .Values.nodes .Values.gpusPerNode }} --timeout {{ .Values.startTimeout }} || exit
exec vllm serve "$MODEL" --port {{ .Values.port }} --distributed-executor-backend ray \
  --tensor-parallel-size {{ .Values.gpusPerNode }} --pipeline-parallel-size {{ .Values.nodes }}
  {{- range .Values.extraArgs }} {{ toString . | squote }}{{ end }}
{{- end }}

{{- define "beam.mountContainer" -}}
name: beam
image: {{ .Values.beamImage }}
command: [cp, -a, /opt/beam/., /mount]
securityContext:
  allowPrivilegeEscalation: false
  runAsNonRoot: true
  runAsUser: 65532
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
  seccompProfile: { type: RuntimeDefault }
volumeMounts:
  - { name: beam, mountPath: /mount }
{{- end }}

{{- define "beam.container" -}}
image: {{ .Values.image }}
env:
  - { name: MODEL, value: {{ .Values.model | quote }} }
  - { name: PYTHONPATH, value: /opt/beam/python }
  - { name: BEAM_TOKEN_FILE, value: /run/secrets/beam/token }
  - name: POD_NAME
    valueFrom: { fieldRef: { fieldPath: metadata.name } }
  - name: BEAM_NODE_IP
    valueFrom: { fieldRef: { fieldPath: status.podIP } }
  {{- if .Values.huggingFaceSecret }}
  - name: HF_TOKEN
    valueFrom: { secretKeyRef: { name: {{ .Values.huggingFaceSecret }}, key: token } }
  {{- end }}
  {{- with .Values.env }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
# Life is beam's, readiness vLLM's: a model that loads for an hour is no dead pod.
startupProbe:
  exec: { command: [/opt/beam/bin/beam, status, --json] }
  periodSeconds: 5
  timeoutSeconds: 10
  failureThreshold: {{ div .Values.startTimeout 5 | add1 }}
livenessProbe:
  exec: { command: [/opt/beam/bin/beam, env] }
  periodSeconds: 20
  timeoutSeconds: 10
resources:
  {{- $limits := merge (dict .Values.gpuResource (toString .Values.gpusPerNode)) .Values.rdma (.Values.resources.limits | default dict) }}
  limits:
    {{- range $name, $amount := $limits }}
    {{ $name }}: {{ $amount | quote }}
    {{- end }}
  {{- with .Values.resources.requests }}
  requests:
    {{- toYaml . | nindent 4 }}
  {{- end }}
securityContext:
  allowPrivilegeEscalation: false
  # RDMA pins memory.
  capabilities: { drop: [ALL]{{ if .Values.rdma }}, add: [IPC_LOCK]{{ end }} }
  seccompProfile: { type: RuntimeDefault }
volumeMounts:
  - { name: beam, mountPath: /opt/beam, readOnly: true }
  - { name: token, mountPath: /run/secrets/beam, readOnly: true }
  - { name: shm, mountPath: /dev/shm }
  - { name: models, mountPath: /root/.cache/huggingface }
{{- end }}

{{- /* The rest of a pod. */ -}}
{{- define "beam.pod" -}}
terminationGracePeriodSeconds: 40
enableServiceLinks: false
automountServiceAccountToken: false
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
initContainers:
  - {{- include "beam.mountContainer" . | nindent 4 }}
volumes:
  - { name: beam, emptyDir: {} }
  - name: token
    secret: { secretName: {{ include "beam.secret" . }}, items: [{ key: token, path: token }] }
  # 64 MiB otherwise: NCCL and large values want more.
  - { name: shm, emptyDir: { medium: Memory, sizeLimit: {{ .Values.shmSize }} } }
  - name: models
    {{- if .Values.modelsClaim }}
    persistentVolumeClaim: { claimName: {{ .Values.modelsClaim }} }
    {{- else }}
    emptyDir: {}
    {{- end }}
{{- end }}
