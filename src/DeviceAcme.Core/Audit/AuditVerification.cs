using System.Globalization;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Core.Audit;

/// <summary>What is wrong with the audit log at one place.</summary>
/// <param name="Sequence">The row that is meant.</param>
/// <param name="Reason">One of <see cref="AuditReasons"/>.</param>
/// <param name="Message">For people.</param>
internal sealed record AuditFinding(long Sequence, string Reason, string Message);

/// <summary>Goes through the audit log from its beginning, row by row, and names what does not hold.</summary>
/// <remarks>
/// Each row is held against its own hash, and two rows that both fit theirs against each other. A row that does not fit its own says nothing about its
/// neighbours, so one change is one finding. The order of the rows is that of the file or of the answer, which may be another than that of their numbers.
/// </remarks>
/// <param name="fromTheBeginning">True where the first row must be number 1; an export may begin later.</param>
/// <param name="anchors">Heads that were kept elsewhere: the log must reach them and still have them.</param>
internal sealed class AuditVerification(bool fromTheBeginning, params IReadOnlyList<AuditHead> anchors)
{
    /// <summary>More than these are counted and not described.</summary>
    public const int MostFindings = 100;

    /// <summary>How far away the place of a moved row is looked for.</summary>
    private const long FarthestMove = 1000;

    private static readonly string _genesis = Convert.ToHexStringLower(AuditChain.Genesis);

    private readonly List<AuditFinding> _findings = [];
    private readonly HashSet<AuditHead> _reached = [];
    private readonly List<Gap> _gaps = [];

    // the rows with the last number: more than one where something was inserted
    private readonly List<Row> _last = [];

    /// <summary>The first and last row that were seen; 0 where there was none.</summary>
    public long First { get; private set; }

    public long Last { get; private set; }

    /// <summary>The hash of the last row, as it says itself.</summary>
    public string LastHash => _last.Count > 0 ? _last[0].Record.Hash : _genesis;

    public long Rows { get; private set; }

    /// <summary>In the order of the rows; complete after <see cref="Finish"/>.</summary>
    public IReadOnlyList<AuditFinding> Findings => _findings;

    /// <summary>How many findings there are, the undescribed ones among them.</summary>
    public int Count { get; private set; }

    public void Add(AuditRecord record)
    {
        Rows++;
        var row = new Row(record, OwnNumber(record));
        if (Rows == 1)
        {
            First = record.Sequence;
            Begin(row);
        }
        else if (record.Sequence == Last)
        {
            _last.Add(row);
            return;
        }
        else if (record.Sequence < Last)
        {
            OutOfOrder(row);
            return;
        }
        else
        {
            GoOn(row);
        }

        _last.Clear();
        _last.Add(row);
        Last = record.Sequence;
    }

    /// <summary>A line that is no row.</summary>
    public void Unreadable(long line, string why) =>
        Find(Last + 1, AuditReasons.LineUnreadable, $"line {line.ToString(CultureInfo.InvariantCulture)}, behind row {Last}: {why}");

    /// <summary>The end: what was missing and did not come, and whether the log goes as far as it should.</summary>
    public void Finish()
    {
        Settle(null);
        foreach (var gap in _gaps)
        {
            Find(gap.First, AuditReasons.RowMissing, gap.First == gap.Last ? $"row {gap.First} is missing" : $"rows {gap.First} to {gap.Last} are missing");
        }

        foreach (var anchor in anchors.Where(anchor => anchor.Sequence > 0 && !_reached.Contains(anchor)))
        {
            if (anchor.Sequence > Last)
            {
                Find(Last + 1, AuditReasons.LogTruncated, Last + 1 == anchor.Sequence ? $"the log ends with row {Last}; row {anchor.Sequence} is cut off" : $"the log ends with row {Last}; rows {Last + 1} to {anchor.Sequence} are cut off");
            }
            else if (!_gaps.Exists(gap => gap.First <= anchor.Sequence && anchor.Sequence <= gap.Last))
            {
                Find(anchor.Sequence, AuditReasons.RowMissing, $"row {anchor.Sequence}, the head that was kept, is not there");
            }
        }

        _findings.Sort((one, other) => one.Sequence.CompareTo(other.Sequence));
    }

    private void Begin(Row row)
    {
        if (fromTheBeginning && First != 1)
        {
            _gaps.Add(new Gap(1, First - 1, _genesis, row.Fits ? row.Record.Previous : null));
        }
        else if (First == 1 && row.Fits && row.Record.Previous != _genesis)
        {
            Find(1, AuditReasons.RowReplaced, "row 1 says that a row was before it");
        }
    }

    private void GoOn(Row row)
    {
        if (row.Record.Sequence != Last + 1)
        {
            Settle(null);
            _gaps.Add(new Gap(Last + 1, row.Record.Sequence - 1, _last[0].Fits ? LastHash : null, row.Fits ? row.Record.Previous : null));
            return;
        }

        Settle(row);
        var last = _last[0];
        if (row.Shift < 0 && last.Fits && row.Record.Previous == last.Record.Previous)
        {
            // both are chained to the row in front of the last one
            Find(Last, AuditReasons.RowInserted, $"row {Last} ({last.Record.Kind}) was inserted, and the rows behind it were given higher numbers");
            row.IsTold = true;
        }
        else if (row.Shift is not (null or 0) && last.Shift == row.Shift)
        {
            // one move of many rows is one finding
            row.IsTold = true;
        }
        else if (last.Fits && row.Fits && row.Record.Previous != last.Record.Hash)
        {
            Find(Last, AuditReasons.RowReplaced, $"row {Last} is not the one that row {row.Record.Sequence} was chained to, or row {row.Record.Sequence} is not the one that was chained to it");
        }
    }

    /// <summary>A row whose number is over: it fills a gap, or should not be there.</summary>
    private void OutOfOrder(Row row)
    {
        var record = row.Record;
        var index = _gaps.FindIndex(gap => gap.First <= record.Sequence && record.Sequence <= gap.Last);
        if (index < 0)
        {
            Find(record.Sequence, AuditReasons.RowInserted, $"row {record.Sequence} ({record.Kind}) stands once more behind row {Last}");
            return;
        }

        Find(record.Sequence, AuditReasons.RowMoved, $"row {record.Sequence} ({record.Kind}) stands behind row {Last}");
        var gap = _gaps[index];
        _gaps.RemoveAt(index);
        Reach(row);
        if (!row.Fits)
        {
            Tell(row);
        }
        else if ((record.Sequence == gap.First && gap.Before is not null && record.Previous != gap.Before) || (record.Sequence == gap.Last && gap.Expected is not null && record.Hash != gap.Expected))
        {
            Find(record.Sequence, AuditReasons.RowReplaced, $"row {record.Sequence} is not the one that was chained between its neighbours");
        }

        if (gap.First < record.Sequence)
        {
            _gaps.Add(new Gap(gap.First, record.Sequence - 1, gap.Before, row.Fits ? record.Previous : null));
        }

        if (record.Sequence < gap.Last)
        {
            _gaps.Add(new Gap(record.Sequence + 1, gap.Last, row.Fits ? record.Hash : null, gap.Expected));
        }
    }

    /// <summary>Which of the rows with the last number is the one that the next was chained to; the others were inserted.</summary>
    private void Settle(Row? next)
    {
        if (_last.Count == 0)
        {
            return;
        }

        var genuine = _last.Find(row => row.Fits && next is { Fits: true } && row.Record.Hash == next.Record.Previous) ?? _last.Find(row => row.Fits) ?? _last[0];
        foreach (var other in _last.Where(row => !ReferenceEquals(row, genuine)))
        {
            Find(Last, AuditReasons.RowInserted, $"row {Last} stands there {_last.Count} times; the one of {other.Record.At} ({other.Record.Kind}) was inserted");
        }

        _last.Clear();
        _last.Add(genuine);
        Reach(genuine);
        Tell(genuine);
    }

    private void Tell(Row row)
    {
        if (row.Fits || row.IsTold)
        {
            return;
        }

        var record = row.Record;
        if (row.Shift is { } shift)
        {
            Find(record.Sequence, AuditReasons.RowMoved, $"row {record.Sequence} ({record.Kind}) is what row {record.Sequence + shift} was");
        }
        else
        {
            Find(record.Sequence, AuditReasons.RowChanged, $"row {record.Sequence} ({record.Kind}) is not what its hash was made of");
        }
    }

    private void Reach(Row row)
    {
        foreach (var anchor in anchors.Where(anchor => anchor.Sequence == row.Record.Sequence))
        {
            _reached.Add(anchor);
            // a row that does not even fit its own hash is told of anyway
            if (row.Fits && row.Record.Hash != anchor.Hash)
            {
                Find(
                    anchor.Sequence,
                    AuditReasons.RowReplaced,
                    $"row {anchor.Sequence} has the hash {row.Record.Hash}; the head that was kept says {anchor.Hash}: this row or one before it is another than it was");
            }
        }
    }

    /// <summary>The number that a row's hash was made with; null where it was made of something else.</summary>
    private long? OwnNumber(AuditRecord record)
    {
        if (Is(record))
        {
            return record.Sequence;
        }

        for (long away = 1; away <= FarthestMove && _findings.Count < MostFindings; away++)
        {
            if (Is(record with { Sequence = record.Sequence + away }))
            {
                return record.Sequence + away;
            }

            if (record.Sequence > away && Is(record with { Sequence = record.Sequence - away }))
            {
                return record.Sequence - away;
            }
        }

        return null;

        static bool Is(AuditRecord record) => Convert.ToHexStringLower(AuditChain.Hash(record)) == record.Hash;
    }

    private void Find(long sequence, string reason, string message)
    {
        Count++;
        if (_findings.Count < MostFindings)
        {
            _findings.Add(new AuditFinding(sequence, reason, message));
        }
    }

    /// <param name="record">As it was read.</param>
    /// <param name="ownNumber">The number that its hash was made with; null where it was made of something else.</param>
    private sealed class Row(AuditRecord record, long? ownNumber)
    {
        public AuditRecord Record => record;

        /// <summary>What the row says is what its hash was made of.</summary>
        public bool Fits => ownNumber == record.Sequence;

        /// <summary>From its place to where it was; null where it fits no hash.</summary>
        public long? Shift => ownNumber - record.Sequence;

        /// <summary>A finding speaks of it already.</summary>
        public bool IsTold { get; set; }
    }

    /// <param name="Before">The hash of the row in front of it; null where that row does not fit its own.</param>
    /// <param name="Expected">The hash that its last row had; null where the row behind it does not fit its own.</param>
    private sealed record Gap(long First, long Last, string? Before, string? Expected);
}
