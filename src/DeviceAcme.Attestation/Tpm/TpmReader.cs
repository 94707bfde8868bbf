using System.Buffers.Binary;

namespace DeviceAcme.Attestation.Tpm;

/// <summary>Reads TPM structures: big-endian numbers and sized buffers (TPM 2.0 part 2 §4); throws <see cref="MalformedEvidenceException"/>.</summary>
internal sealed class TpmReader(ReadOnlyMemory<byte> buffer, string structure)
{
    private const int MaxPcrBanks = 16;

    private int _position;

    public bool AtEnd => _position == buffer.Length;

    public byte U8(string field) => Take(1, field).Span[0];

    public ushort U16(string field) => BinaryPrimitives.ReadUInt16BigEndian(Take(2, field).Span);

    public uint U32(string field) => BinaryPrimitives.ReadUInt32BigEndian(Take(4, field).Span);

    public ulong U64(string field) => BinaryPrimitives.ReadUInt64BigEndian(Take(8, field).Span);

    /// <summary>A TPM2B: two octets of length, then as many octets.</summary>
    public ReadOnlyMemory<byte> Sized(string field) => Take(U16(field), field);

    /// <summary>TPML_PCR_SELECTION (part 2 §10.9.7), whose content nobody here needs.</summary>
    public void SkipPcrSelections(string field)
    {
        var banks = U32($"{field}.count");
        if (banks > MaxPcrBanks)
        {
            throw Malformed($"{banks} PCR banks");
        }

        for (var i = 0; i < banks; i++)
        {
            U16($"{field}.hash");
            Take(U8($"{field}.sizeofSelect"), $"{field}.pcrSelect");
        }
    }

    public void End()
    {
        if (!AtEnd)
        {
            throw Malformed($"{buffer.Length - _position} bytes follow the structure");
        }
    }

    public MalformedEvidenceException Malformed(string what) => new(Reasons.TpmStructureMalformed, $"{structure}: {what}");

    private ReadOnlyMemory<byte> Take(int length, string field)
    {
        if (length > buffer.Length - _position)
        {
            throw Malformed($"{field} needs {length} bytes at {_position}, {buffer.Length - _position} are left");
        }

        var taken = buffer.Slice(_position, length);
        _position += length;
        return taken;
    }
}
