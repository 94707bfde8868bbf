namespace DeviceAcme.Attestation.Cbor;

/// <summary>One decoded CBOR item (RFC 8949). Octets are slices of the input.</summary>
internal abstract record CborItem(string Kind)
{
    internal sealed record Integer(long Value) : CborItem("integer");

    internal sealed record Octets(ReadOnlyMemory<byte> Value) : CborItem("byte string");

    internal sealed record Text(string Value) : CborItem("text string");

    internal sealed record List(IReadOnlyList<CborItem> Items) : CborItem("array");

    internal sealed record Map(IReadOnlyList<KeyValuePair<CborItem, CborItem>> Entries) : CborItem("map")
    {
        /// <summary>The value of a text key, or null.</summary>
        public CborItem? Find(string key)
        {
            foreach (var entry in Entries)
            {
                if (entry.Key is Text text && text.Value == key)
                {
                    return entry.Value;
                }
            }

            return null;
        }
    }

    /// <summary>Tags, floats, simple values, numbers beyond 64 bits: well-formed, but no statement has them where we look.</summary>
    internal sealed record Other(string What) : CborItem(What);
}
