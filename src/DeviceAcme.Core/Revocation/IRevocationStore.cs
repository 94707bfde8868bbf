namespace DeviceAcme.Core.Revocation;

/// <summary>The port to what is stored of revocations and CRLs.</summary>
internal interface IRevocationStore
{
    /// <summary>Whether other nodes publish CRLs of the same keys.</summary>
    bool IsShared { get; }

    /// <summary>The issuing keys that CRLs were saved for, with the number of the last one.</summary>
    Task<IReadOnlyDictionary<string, long>> Numbers(CancellationToken cancellation);

    /// <summary>The revoked certificates of an issuing key whose end is not before the given time, ordered by serial.</summary>
    /// <param name="issuerKeyId">Lower-case hex, as in <see cref="Issuance.IssuedCertificate.IssuerKeyId"/>.</param>
    /// <param name="endsAtOrAfter">Older ones may leave the CRL (RFC 5280 §3.3).</param>
    Task<IReadOnlyList<RevokedCertificate>> Revoked(string issuerKeyId, DateTimeOffset endsAtOrAfter, CancellationToken cancellation);

    /// <summary>The last CRL that was saved for an issuing key; null where there is none.</summary>
    Task<PublishedCrl?> Last(string issuerKeyId, CancellationToken cancellation);

    /// <summary>Saves a CRL durably in the place of the last one.</summary>
    /// <exception cref="CrlNumberException">The number is not higher than the saved one.</exception>
    Task Save(PublishedCrl crl, CancellationToken cancellation);
}

/// <summary>A line of a CRL.</summary>
/// <param name="Serial">Lower-case hex of the serial number's content octets.</param>
/// <param name="RevokedAt">When it was revoked.</param>
/// <param name="Reason">RFC 5280 §5.3.1; null, or 0 (unspecified), is left out of the CRL.</param>
internal sealed record RevokedCertificate(string Serial, DateTimeOffset RevokedAt, int? Reason);

/// <summary>A signed CRL.</summary>
/// <param name="IssuerKeyId">Lower-case hex of the issuing key's id.</param>
/// <param name="Number">cRLNumber, higher than that of every earlier one (RFC 5280 §5.2.3).</param>
/// <param name="Der">The CRL.</param>
/// <param name="ThisUpdate">When it was made, in whole seconds.</param>
/// <param name="NextUpdate">When the next one is there at the latest.</param>
internal sealed record PublishedCrl(string IssuerKeyId, long Number, ReadOnlyMemory<byte> Der, DateTimeOffset ThisUpdate, DateTimeOffset NextUpdate);
