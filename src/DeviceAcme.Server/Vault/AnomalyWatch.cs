using DeviceAcme.Core;
using DeviceAcme.Core.Audit;
using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Storage;

namespace DeviceAcme.Server.Vault;

/// <summary>
/// Compares evidence with what earlier evidence showed. It runs in the transaction of the decision, so of two that contradict each other one
/// comes second, however close together they are sent.
/// </summary>
internal sealed class AnomalyWatch
{
    /// <summary>More partners of one subject than any trouble has; the rest is not looked at.</summary>
    private const int MostRows = 256;

    private readonly AcmeContext _context;
    private readonly IReadOnlyList<Sight> _sights;
    private readonly List<Sighting> _known;

    /// <summary>Looks up what earlier evidence showed.</summary>
    public AnomalyWatch(AcmeContext context, IReadOnlyList<Sight> sights)
    {
        _context = context;
        _sights = sights;
        _known = [.. sights.DistinctBy(sight => Convert.ToHexString(sight.Subject)).SelectMany(sight => context.Hot.Sightings(context, sight.Subject).Take(MostRows))];
    }

    /// <summary>What does not fit.</summary>
    public IReadOnlyList<Anomaly> Compare(AnomalyRules rules) => [.. _sights.Select(sight => Compare(sight, _known, rules)).OfType<Anomaly>()];

    /// <summary>Remembers what proven evidence showed.</summary>
    /// <param name="accepted">False where an anomaly refused it: then it makes nobody else suspicious.</param>
    public void Remember(EvidenceId evidence, bool accepted, DateTimeOffset now)
    {
        foreach (var sight in _sights)
        {
            if (_known.Find(row => row.Subject.SequenceEqual(sight.Subject) && row.Partner.SequenceEqual(sight.Partner)) is { } row)
            {
                row.LastSeenAt = now;
                row.Evidence = evidence;
                row.State = accepted && row.State == SightingState.Refused ? SightingState.Seen : row.State;
            }
            else
            {
                _context.Insert(new Sighting
                {
                    Subject = sight.Subject,
                    Partner = sight.Partner,
                    Kind = sight.Kind.Name,
                    State = accepted ? SightingState.Seen : SightingState.Refused,
                    FirstSeenAt = now,
                    LastSeenAt = now,
                    Evidence = evidence,
                });
            }
        }
    }

    private static Anomaly? Compare(Sight sight, List<Sighting> known, AnomalyRules rules)
    {
        var rows = known.FindAll(row => row.Subject.SequenceEqual(sight.Subject));
        if (rows.Exists(row => row.State == SightingState.Acknowledged && row.Partner.SequenceEqual(sight.Partner)))
        {
            return null;
        }

        return rows.Where(row => row.State != SightingState.Refused && !row.Partner.SequenceEqual(sight.Partner)).MaxBy(row => row.LastSeenAt) is { } other
            ? new Anomaly(sight.Kind, rules.Of(sight.Kind), sight.Found, other.Evidence, other.LastSeenAt)
            : null;
    }
}

/// <summary>How an anomaly is told.</summary>
internal static partial class AnomalyWords
{
    /// <summary>Warns of what the profile wants to hear of; after the commit.</summary>
    public static void Log(this IReadOnlyList<Anomaly> anomalies, ILogger log, string profile)
    {
        foreach (var anomaly in anomalies.Where(anomaly => anomaly.Response != AnomalyResponse.Record))
        {
            Unusual(log, anomaly.Kind.Name, AnomalyKinds.Name(anomaly.Response), profile, anomaly.Found, anomaly.Earlier);
        }
    }

    /// <summary>The event of an anomaly, for the history.</summary>
    public static AuditEvent Event(this Anomaly anomaly, StoredEvidence evidence) => new()
    {
        At = evidence.At,
        Kind = $"anomaly.{anomaly.Kind.Name}",
        Profile = evidence.Profile,
        Account = evidence.Account,
        Order = evidence.Order,
        Authorization = evidence.Authorization,
        Reason = anomaly.Kind.Name,
        Detail = $"{AnomalyKinds.Name(anomaly.Response)}: {anomaly.Found}; evidence {evidence.Id}, earlier evidence {anomaly.Earlier}",
    };

    public static AnomalyEntry Entry(this Anomaly anomaly) => new()
    {
        Name = anomaly.Kind.Name,
        Response = AnomalyKinds.Name(anomaly.Response),
        Found = anomaly.Found,
        EarlierEvidence = anomaly.Earlier.Value,
        EarlierAt = anomaly.EarlierAt,
    };

    [LoggerMessage(LogLevel.Warning, "anomaly {Name} ({Response}) under profile {Profile}: {Found}; earlier evidence {Earlier}")]
    private static partial void Unusual(ILogger log, string name, string response, string profile, string found, EvidenceId earlier);
}
