-- The figures of benchmarks/metrics.py as an expert would write them for DuckDB: nothing portable about it.
create temp table facts as
select s.segment,
    count(*) filter (outcome is null or outcome = 'answered') handled,
    count(*) filter (direction is distinct from 'outbound' and outcome in ('answered', 'abandoned', 'missed', 'busy', 'full', 'no_agent')) offered,
    count(*) filter (direction is distinct from 'outbound' and outcome = 'answered') answered,
    count(*) filter (direction is distinct from 'outbound' and outcome = 'abandoned') abandoned,
    count(*) filter ((channel is null or channel = 'phone') and (direction = 'outbound' or outcome = 'answered')) calls,
    count(*) filter (direction is distinct from 'outbound' and outcome in ('answered', 'abandoned') and wait_seconds is not null) waited,
    count(*) filter (direction is distinct from 'outbound' and outcome = 'answered' and wait_seconds <= 20) in_time,
    sum(wait_seconds) filter (direction is distinct from 'outbound' and outcome = 'answered') wait,
    count(wait_seconds) filter (direction is distinct from 'outbound' and outcome = 'answered') waits,
    sum(handle_seconds) handle, count(handle_seconds) handles,
    sum(talk_seconds) talk, count(talk_seconds) talks,
    sum(resolved) filter (outcome is null or outcome = 'answered') resolved, count(resolved) filter (outcome is null or outcome = 'answered') resolvable,
    sum(transferred) transferred, count(transferred) transferable,
    sum(reopened) reopened, count(reopened) reopenable
from contacts c join segments s on c.person = s.person and c.day >= s.from_day and c.day < s.to_day
where excluded is null
group by s.segment;

create temp table left_out as
select s.segment,
    count(*) every,
    count(*) filter (outcome is null or outcome = 'answered') handled,
    count(*) filter (direction is distinct from 'outbound' and outcome in ('answered', 'abandoned', 'missed', 'busy', 'full', 'no_agent')) offered,
    count(*) filter (direction is distinct from 'outbound' and outcome = 'answered') answered,
    count(*) filter ((channel is null or channel = 'phone') and (direction = 'outbound' or outcome = 'answered')) calls,
    count(*) filter (direction is distinct from 'outbound' and outcome in ('answered', 'abandoned') and wait_seconds is not null) waited,
    count(*) filter ((outcome is null or outcome = 'answered') and resolved is not null) resolvable,
    count(transferred) transferable,
    count(reopened) reopenable,
    count(customer) filter ((outcome is null or outcome = 'answered') and direction is distinct from 'outbound') followed
from contacts c join segments s on c.person = s.person and c.day >= s.from_day and c.day < s.to_day
where excluded is not null
group by s.segment;

create temp table ranks as
with frequencies as (
    select s.segment, handle_seconds, count(*) facts
    from contacts c join segments s on c.person = s.person and c.day >= s.from_day and c.day < s.to_day
    where excluded is null and handle_seconds is not null
    group by s.segment, handle_seconds),
steps as (
    select segment, handle_seconds, sum(facts) over (partition by segment order by handle_seconds) reached,
        sum(facts) over (partition by segment) total
    from frequencies)
select segment, min(handle_seconds) filter (reached * 10 >= total * 9) p90,
    min(handle_seconds) filter (reached * 2 >= total) + min(handle_seconds) filter (reached * 2 > total) middle
from steps
group by segment;

create temp table follow_ups as
with chain as (
    select person, day, lead(day) over (partition by customer order by day, created_at, contact_id) next_day
    from contacts
    where excluded is null and customer is not null and (outcome is null or outcome = 'answered') and direction is distinct from 'outbound'),
days as (
    select person, day, count(*) facts, count(*) filter (next_day - day <= 7) again from chain group by person, day)
select segment, sum(facts - again) filter (day + 7 < $until) resolved, sum(facts) filter (day + 7 < $until) decided,
    sum(facts) filter (day + 7 >= $until) pending
from days d join segments s on d.person = s.person and d.day >= s.from_day and d.day < s.to_day
group by segment;

create temp table wide as
select ids.segment, f.*, r.*, u.resolved u_resolved, u.decided u_decided, u.pending u_pending, x.every x_every, x.handled x_handled,
    x.offered x_offered, x.answered x_answered, x.calls x_calls, x.waited x_waited, x.resolvable x_resolvable,
    x.transferable x_transferable, x.reopenable x_reopenable, x.followed x_followed
from (select distinct segment from segments) ids
left join facts f using (segment) left join ranks r using (segment)
left join follow_ups u using (segment) left join left_out x using (segment);

create temp view figures as
select segment, metric, case when denominator = 0 then null else coalesce(numerator, 0) end::bigint numerator,
    denominator::bigint denominator, coalesce(n, 0)::bigint n, coalesce(excluded, 0)::bigint excluded, coalesce(pending, 0)::bigint pending
from (
    select segment, 'contacts_handled' metric, handled numerator, null denominator, handled n, x_handled excluded, 0 pending from wide
    union all select segment, 'total_calls', calls, null, calls, x_calls, 0 from wide
    union all select segment, 'answer_rate', answered, coalesce(offered, 0), offered, x_offered, 0 from wide
    union all select segment, 'abandon_rate', abandoned, coalesce(offered, 0), offered, x_offered, 0 from wide
    union all select segment, 'service_level_offered', in_time, coalesce(waited, 0), waited, x_waited, 0 from wide
    union all select segment, 'speed_of_answer', wait, coalesce(waits, 0), waits, x_answered, 0 from wide
    union all select segment, 'handle_time', handle, coalesce(handles, 0), handles, x_every, 0 from wide
    union all select segment, 'handle_time_median', middle, case when handles > 0 then 2 else 0 end, handles, x_every, 0 from wide
    union all select segment, 'handle_time_p90', p90, case when handles > 0 then 1 else 0 end, handles, x_every, 0 from wide
    union all select segment, 'talk_time', talk, coalesce(talks, 0), talks, x_every, 0 from wide
    union all select segment, 'fcr_recorded', resolved, coalesce(resolvable, 0), resolvable, x_resolvable, 0 from wide
    union all select segment, 'fcr_7_days', u_resolved, coalesce(u_decided, 0), u_decided, x_followed, u_pending from wide
    union all select segment, 'reopen_rate', reopened, coalesce(reopenable, 0), reopenable, x_reopenable, 0 from wide
    union all select segment, 'transfer_rate', transferred, coalesce(transferable, 0), transferable, x_transferable, 0 from wide
);
