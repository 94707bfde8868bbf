namespace DeviceAcme.Server.Acme;

/// <summary>Where nonces are made and spent (RFC 8555 §6.5): <see cref="Nonces"/> of one process, <see cref="SharedNonces"/> of all nodes on one database.</summary>
internal interface INonces
{
    /// <summary>A new nonce, base64url.</summary>
    string Issue(DateTimeOffset now);

    /// <summary>True once for each nonce that was issued and has not expired.</summary>
    ValueTask<bool> Spend(string nonce, DateTimeOffset now);
}
