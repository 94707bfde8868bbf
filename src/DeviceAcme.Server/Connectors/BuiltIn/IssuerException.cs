namespace DeviceAcme.Server.Connectors.BuiltIn;

/// <summary>Something about a CA's files that the operator can understand and mend.</summary>
internal sealed class IssuerException(string message, string? hint = null, Exception? inner = null) : Exception(message, inner)
{
    public string? Hint { get; } = hint;
}
