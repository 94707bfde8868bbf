using System.Globalization;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Core.Audit;

/// <summary>What is wrong with the audit log at one place.</summary>
/// <param name="Sequence">The row that is meant.</param>
/// <param name="Kind"><c>changed</c>, <c>missing</c>, <c>reordered</c>, <c>replaced</c>, <c>truncated</c> or <c>unreadable</c>.</param>
/// <param name="Message">For people.</param>
internal sealed record AuditFinding(long Sequence, string Kind, string Message);

/// <summary>Goes through the audit log from its beginning, row by row, and names what does not hold.</summary>
/// <param name="fromTheBeginning">True where the first row must be number 1; an export may begin later.</param>
/// <param name="anchors">Heads that were kept elsewhere: the log must reach them and still have them.</param>
internal sealed class AuditVerification(bool fromTheBeginning, params IReadOnlyList<AuditHead> anchors)
{
    /// <summary>More than these are counted and not described.</summary>
    public const int MostFindings = 100;

    private readonly List<AuditFinding> _findings = [];
    private readonly HashSet<AuditHead> _reached = [];

    /// <summary>The first and last row that were seen; 0 where there was none.</summary>
    public long First { get; private set; }

    public long Last { get; private set; }

    /// <summary>The hash of the last row, as it says itself.</summary>
    public string LastHash { get; private set; } = Convert.ToHexStringLower(AuditChain.Genesis);

    public long Rows { get; private set; }

    public IReadOnlyList<AuditFinding> Findings => _findings;

    /// <summary>How many findings there are, the undescribed ones among them.</summary>
    public int Count { get; private set; }

    public void Add(AuditRecord record)
    {
        Rows++;
        if (Rows == 1)
        {
            First = record.Sequence;
            if (fromTheBeginning && First != 1)
            {
                Missing(1, First - 1);
            }
            else if (First == 1 && record.Previous != LastHash)
            {
                Find(1, "changed", "row 1 says that a row was before it");
            }
        }
        else if (record.Sequence <= Last)
        {
            Find(record.Sequence, "reordered", $"row {record.Sequence} stands behind row {Last}");
            CheckContent(record);
            return;
        }
        else if (record.Sequence != Last + 1)
        {
            Missing(Last + 1, record.Sequence - 1);
        }
        else if (record.Previous != LastHash)
        {
            Find(Last, "replaced", $"row {Last} is not the one that row {record.Sequence} was chained to, or row {record.Sequence} is not the one that was chained to it");
        }

        CheckContent(record);
        Last = record.Sequence;
        LastHash = record.Hash;
        foreach (var anchor in anchors.Where(anchor => anchor.Sequence == record.Sequence))
        {
            _reached.Add(anchor);
            if (record.Hash != anchor.Hash)
            {
                Find(record.Sequence, "replaced", $"row {record.Sequence} has the hash {record.Hash}; the head that was kept says {anchor.Hash}: this row or one before it is another than it was");
            }
        }
    }

    /// <summary>A line that is no row.</summary>
    public void Unreadable(long line, string why) => Find(Last + 1, "unreadable", $"line {line.ToString(CultureInfo.InvariantCulture)}, behind row {Last}: {why}");

    /// <summary>The end: whether the log goes as far as it should.</summary>
    public void Finish()
    {
        foreach (var anchor in anchors.Where(anchor => anchor.Sequence > 0 && !_reached.Contains(anchor)))
        {
            if (anchor.Sequence > Last)
            {
                Find(Last + 1, "truncated", $"the log ends with row {Last}; rows {Last + 1} to {anchor.Sequence} are cut off");
            }
            else
            {
                Find(anchor.Sequence, "missing", $"row {anchor.Sequence}, the head that was kept, is not there");
            }
        }
    }

    private void CheckContent(AuditRecord record)
    {
        if (Convert.ToHexStringLower(AuditChain.Hash(record)) != record.Hash)
        {
            Find(record.Sequence, "changed", $"row {record.Sequence} ({record.Kind}) is not what its hash was made of");
        }
    }

    private void Missing(long first, long last) =>
        Find(first, "missing", first == last ? $"row {first} is missing" : $"rows {first} to {last} are missing");

    private void Find(long sequence, string kind, string message)
    {
        Count++;
        if (_findings.Count < MostFindings)
        {
            _findings.Add(new AuditFinding(sequence, kind, message));
        }
    }
}
