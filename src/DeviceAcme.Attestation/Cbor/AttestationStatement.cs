using DeviceAcme.Attestation.X509;

namespace DeviceAcme.Attestation.Cbor;

/// <summary>
/// The WebAuthn attestation object (WebAuthn §6.5.4, device-attest §5): fmt and attStmt. authData belongs to browsers; it is accepted
/// and ignored, like members that nobody knows.
/// </summary>
internal sealed class AttestationStatement
{
    /// <summary>More than any genuine attestation object; the largest recorded one has 9 KiB.</summary>
    public const int MaxSize = 64 * 1024;

    private readonly CborItem.Map _statement;

    private AttestationStatement(string format, CborItem.Map statement, CborItem? authenticatorData)
    {
        Format = format;
        _statement = statement;
        HasAuthenticatorData = authenticatorData is not null;
        AuthenticatorData = (authenticatorData as CborItem.Octets)?.Value;
    }

    public string Format { get; }

    public bool HasAuthenticatorData { get; }

    /// <summary>The octets of authData; null where there is none, or something else in its place.</summary>
    public ReadOnlyMemory<byte>? AuthenticatorData { get; }

    /// <summary>A statement that was put together from its parts, where a device or a tool gave them one by one.</summary>
    public static AttestationStatement Of(string format, IEnumerable<(string Member, CborItem Value)> members) => new(
        format, new CborItem.Map([.. members.Select(member => KeyValuePair.Create<CborItem, CborItem>(new CborItem.Text(member.Member), member.Value))]), null);

    /// <summary>Reads the object; throws <see cref="MalformedEvidenceException"/>.</summary>
    public static AttestationStatement Read(ReadOnlyMemory<byte> attestationObject)
    {
        if (attestationObject.Length > MaxSize)
        {
            throw new MalformedEvidenceException(Reasons.AttestationTooLarge, $"{attestationObject.Length} bytes, more than {MaxSize}");
        }

        if (attestationObject.IsEmpty)
        {
            throw new MalformedEvidenceException(Reasons.AttestationMissing, "attObj is empty");
        }

        // {} as JSON: what a device sends that has no attestation
        if (attestationObject.Span.SequenceEqual("{}"u8))
        {
            throw new MalformedEvidenceException(Reasons.AttestationEmptyObject, "attObj decodes to {}");
        }

        if (StrictCbor.Read(attestationObject) is not CborItem.Map map)
        {
            throw new MalformedEvidenceException(Reasons.MemberWrongType, "the attestation object is no map");
        }

        if (map.Entries.Count == 0)
        {
            throw new MalformedEvidenceException(Reasons.AttestationEmptyObject, "attObj is an empty map");
        }

        var format = map.Find("fmt") switch
        {
            CborItem.Text text => text.Value,
            null => throw new MalformedEvidenceException(Reasons.FormatMissing, $"members: {Names(map)}"),
            var other => throw WrongType("fmt", "a text string", other),
        };
        var statement = map.Find("attStmt") switch
        {
            CborItem.Map found => found,
            null => throw new MalformedEvidenceException(Reasons.StatementMissing, $"members: {Names(map)}"),
            var other => throw WrongType("attStmt", "a map", other),
        };
        return new AttestationStatement(format, statement, map.Find("authData"));
    }

    /// <summary>True if the member is there, of whatever type.</summary>
    public bool Has(string member) => _statement.Find(member) is not null;

    /// <summary>A required byte string that is not empty.</summary>
    public ReadOnlyMemory<byte> Octets(string member) => Member(member) switch
    {
        CborItem.Octets { Value.IsEmpty: true } => throw new MalformedEvidenceException(Reasons.MemberMissing, $"attStmt.{member} is empty"),
        CborItem.Octets octets => octets.Value,
        var other => throw WrongType($"attStmt.{member}", "a byte string", other),
    };

    /// <summary>A required text string.</summary>
    public string Text(string member) =>
        Member(member) is CborItem.Text text ? text.Value : throw WrongType($"attStmt.{member}", "a text string", Member(member));

    /// <summary>A required integer.</summary>
    public long Integer(string member) =>
        Member(member) is CborItem.Integer number ? number.Value : throw WrongType($"attStmt.{member}", "an integer", Member(member));

    /// <summary>The required <c>x5c</c>, leaf first, parsed; counts and sizes are judged before anything is.</summary>
    public IReadOnlyList<Certificate> Certificates()
    {
        if (Member("x5c") is not CborItem.List list)
        {
            throw WrongType("attStmt.x5c", "an array", Member("x5c"));
        }

        if (list.Items.Count == 0)
        {
            throw new MalformedEvidenceException(Reasons.MemberMissing, "attStmt.x5c is empty");
        }

        if (list.Items.Count > CertificatePath.MaxPresented)
        {
            throw new MalformedEvidenceException(
                Reasons.ChainTooLong, $"attStmt.x5c has {list.Items.Count} certificates, at most {CertificatePath.MaxPresented} are read");
        }

        var ders = new List<ReadOnlyMemory<byte>>();
        foreach (var item in list.Items)
        {
            var der = item is CborItem.Octets octets ? octets.Value : throw WrongType($"attStmt.x5c[{ders.Count}]", "a byte string", item);
            if (der.Length > Certificate.MaxSize)
            {
                throw new MalformedEvidenceException(
                    Reasons.CertificateTooLarge, $"attStmt.x5c[{ders.Count}] has {der.Length} bytes, at most {Certificate.MaxSize} are read");
            }

            ders.Add(der);
        }

        return ders.ConvertAll(der => Certificate.TryRead(der, out var certificate, out var problem)
            ? certificate
            : throw new MalformedEvidenceException(Reasons.CertificateMalformed, $"attStmt.x5c[{ders.IndexOf(der)}]: {problem}"));
    }

    private CborItem Member(string member) =>
        _statement.Find(member) ?? throw new MalformedEvidenceException(Reasons.MemberMissing, $"attStmt.{member} is missing");

    private static MalformedEvidenceException WrongType(string member, string expected, CborItem found) =>
        new(Reasons.MemberWrongType, $"{member} must be {expected}, found: {found.Kind}");

    private static string Names(CborItem.Map map) =>
        EvidenceText.Visible(string.Join(", ", map.Entries.Select(entry => entry.Key is CborItem.Text text ? text.Value : entry.Key.Kind)));
}
