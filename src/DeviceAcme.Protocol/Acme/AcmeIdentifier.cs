namespace DeviceAcme.Protocol.Acme;

/// <summary>An ACME identifier (RFC 8555 §9.7.7), compared octet for octet.</summary>
/// <param name="Type">Registered type, for example <c>dns</c> or <c>permanent-identifier</c>.</param>
/// <param name="Value">The value as it stands on the wire.</param>
public readonly record struct AcmeIdentifier(string Type, string Value)
{
    /// <summary>RFC 8555 §9.7.7.</summary>
    public const string Dns = "dns";

    /// <summary>RFC 8738 §3.</summary>
    public const string Ip = "ip";

    /// <summary>device-attest §3.</summary>
    public const string PermanentIdentifier = "permanent-identifier";

    /// <summary>device-attest §4.</summary>
    public const string HardwareModule = "hardware-module";

    /// <summary>Registered nowhere: an absolute URI, for example a SPIFFE ID.</summary>
    public const string Uri = "uri";

    /// <inheritdoc/>
    public override string ToString() => $"{Type}:{Value}";
}
