# What the project runs: `audit` every hour, `outdated` every day (GOLDENAMI_RUN).
#
# Nothing is green by accident. The metric CompleteAudit is put last, and only by an audit that read
# everything and whose reports are in the bucket. Whatever else ends a run is told to the topic of
# incomplete audits; and where not even that can be done, the alarm misses the metric.
set -Eeuo pipefail
umask 077
export PYTHONDONTWRITEBYTECODE=1

at=$(date -u +%Y-%m-%dT%H%M%SZ)
day=${at%%T*}
work=$(mktemp -d)
cd "$work"
touch log.txt
doing='beginning'
told=no

tell() { # TOPIC SUBJECT FILE
  aws sns publish --topic-arn "$1" --subject "$2" --message "file://$3" > /dev/null
}

ended() {
  local code=$?
  trap - EXIT
  if [ "$code" -ne 0 ] && [ "$told" = no ]; then
    {
      echo "$doing failed with exit code $code, so nothing is known."
      echo
      tail -n 30 log.txt | tail -c 20000
    } > failure.txt
    cat failure.txt >&2
    tell "$INCOMPLETE_TOPIC" "goldenami $GOLDENAMI_RUN $DEPLOYMENT: FAILED, nothing is known" \
      failure.txt || echo 'and nobody could be told' >&2
  fi
  exit "$code"
}
trap ended EXIT

install() {
  doing='the installation'
  aws s3 cp --only-show-errors --recursive "s3://$BUCKET/tools/" tools 2> log.txt
  echo "$WHEEL_SHA256  tools/$WHEEL" | sha256sum --check --quiet 2> log.txt
  python3 -m venv venv
  venv/bin/pip install --quiet --no-cache-dir --find-links tools "tools/$WHEEL" 2> log.txt
  PATH=$work/venv/bin:$PATH
  doing='fetching the release file'
  aws s3 cp --only-show-errors --recursive "s3://$BUCKET/release/" release 2> log.txt
}

audit() {
  doing='fetching the earlier audit'
  local earlier=() kept=() complete=no code=0 new subject
  new=$(aws s3api list-objects-v2 --no-paginate --bucket "$BUCKET" --prefix complete.json \
    --query 'length(Contents || `[]`)' --output text 2> log.txt)
  if [ "$new" -ne 0 ]; then
    aws s3 cp --only-show-errors "s3://$BUCKET/complete.json" earlier.json 2> log.txt
    earlier=(--since earlier.json)
  fi

  doing='the audit'
  mkdir -p "site/audits/dt=$day" "site/inventories/dt=$day"
  if [ "$SOURCE" = live ]; then # an aggregator's instances are counted, not all read
    kept=(--save-inventory "site/inventories/dt=$day/$at.jsonl.gz")
  fi
  goldenami audit "release/$RELEASE" --source "$SOURCE" "${earlier[@]}" "${kept[@]}" \
    --format json --output audit.json --also html=site/latest.html --also message=message.txt \
    2> log.txt || code=$?
  cat log.txt >&2
  case $code in
    0 | 10) complete=yes ;;
    3) [ -s audit.json ] || return 3 ;; # not a single place was read
    *) return "$code" ;;
  esac

  doing='keeping the reports'
  cp audit.json "site/audits/dt=$day/$at.json"
  aws s3 cp --only-show-errors --recursive site "s3://$BUCKET/" 2> log.txt

  doing='telling of the audit'
  subject=$(head -n 1 message.txt | cut -c 1-100)
  { tail -n +3 message.txt; echo; echo "Report: s3://$BUCKET/latest.html"; } > text.txt
  new=$(python3 -c "$COUNT" metrics.json "$DEPLOYMENT" "$complete" < audit.json)
  if [ "$complete" = no ]; then
    tell "$INCOMPLETE_TOPIC" "$subject" text.txt 2> log.txt
    told=yes
  else
    [ "$new" -eq 0 ] || tell "$FINDINGS_TOPIC" "$subject" text.txt 2> log.txt
    # What the next audit compares with: only now is everybody told of all that is in it.
    aws s3 cp --only-show-errors audit.json "s3://$BUCKET/complete.json" 2> log.txt
  fi
  doing='counting what was found'
  aws cloudwatch put-metric-data --namespace goldenami --metric-data file://metrics.json 2> log.txt
  [ "$complete" = yes ] || return 3
}

outdated() {
  doing='looking for what is out of date'
  local code=0 topic subject
  goldenami outdated "release/$RELEASE" --wide > table.txt 2> log.txt || code=$?
  cat log.txt >&2
  { head -c 100000 table.txt; cat log.txt; } > message.txt
  case $code in
    0) return 0 ;;
    10) topic=$FINDINGS_TOPIC subject='out of date' ;;
    3) topic=$INCOMPLETE_TOPIC subject='not known whether it is out of date' ;;
    *) return "$code" ;;
  esac
  doing='telling what is out of date'
  tell "$topic" "goldenami $DEPLOYMENT: $subject" message.txt 2> log.txt
  told=yes
  [ "$code" -eq 10 ] || return "$code"
}

# Writes the metrics of an audit, and prints how many of its findings nobody was told of before.
COUNT='
import json, sys
target, deployment, complete = sys.argv[1:]
audit = json.load(sys.stdin)
counts = dict.fromkeys(("critical", "high", "medium", "low"), 0)
for rule in audit["rules"]:
    counts[rule["severity"]] += rule["findings"]
since = audit.get("since")
new = since["new"] if since else audit["open_findings"]
own = {"Name": "Deployment", "Value": deployment}
metrics = [
    {
        "MetricName": "Findings", "Value": count, "Unit": "Count",
        "Dimensions": [own, {"Name": "Severity", "Value": severity}],
    }
    for severity, count in counts.items()
]
metrics.append({"MetricName": "NewFindings", "Value": new, "Unit": "Count", "Dimensions": [own]})
if complete == "yes":
    one = {"MetricName": "CompleteAudit", "Value": 1, "Unit": "Count", "Dimensions": [own]}
    metrics.append(one)
with open(target, "w") as file:
    json.dump(metrics, file)
print(new)
'

case $GOLDENAMI_RUN in
  audit | outdated) ;;
  *) exit 2 ;;
esac
install
"$GOLDENAMI_RUN"
