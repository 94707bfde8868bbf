using System.Buffers.Binary;

namespace DeviceAcme.Simulator.Tpm;

/// <summary>A TPM's refusal, with the response code of Part 2 §6.6.</summary>
internal sealed class TpmException(string command, uint code) : Exception($"the TPM answered {command} with 0x{code:X3}")
{
    public uint Code { get; } = code;
}

/// <summary>Commands and responses as octets (Part 1 §18), with empty passwords where a command wants authorization.</summary>
internal sealed class TpmConnection(Stream stream)
{
    private const int NoSessions = 0x8001;
    private const int Sessions = 0x8002;
    private const int HeaderSize = 10;
    private const int LargestResponse = 4096;

    /// <summary>TPM_RS_PW: authorization by a password, which is empty here.</summary>
    public const uint PasswordSession = 0x40000009;

    private const uint Retry = 0x922;
    private const int MostAttempts = 5;

    /// <summary>Sends one command and reads its response.</summary>
    /// <param name="command">Name and code, Part 2 §6.5.2.</param>
    /// <param name="handles">All handles; the first <paramref name="authorizations"/> of them are authorized.</param>
    /// <param name="authorizations">How many handles need authorization: an empty password for each.</param>
    /// <param name="parameters">The marshalled parameters.</param>
    /// <param name="returnsHandle">Whether a handle comes before the response's parameters.</param>
    /// <param name="cancellation">Ends the wait; the connection is of no use afterwards.</param>
    public Task<TpmReader> Send(
        (string Name, uint Code) command, uint[] handles, int authorizations, byte[] parameters, bool returnsHandle, CancellationToken cancellation) =>
        Send(command, handles, [.. Enumerable.Repeat(PasswordSession, authorizations)], parameters, returnsHandle, cancellation);

    /// <summary>The same with a session for each handle that wants authorization; policy sessions end with the command.</summary>
    public async Task<TpmReader> Send(
        (string Name, uint Code) command, uint[] handles, uint[] sessions, byte[] parameters, bool returnsHandle, CancellationToken cancellation)
    {
        var body = new TpmWriter();
        foreach (var handle in handles)
        {
            body.U32(handle);
        }

        if (sessions.Length > 0)
        {
            var area = new TpmWriter();
            foreach (var session in sessions)
            {
                area.U32(session).Sized([]).U8(0).Sized([]);
            }

            var authorizationArea = area.ToArray();
            body.U32((uint)authorizationArea.Length).Raw(authorizationArea);
        }

        var rest = body.Raw(parameters).ToArray();
        var tag = sessions.Length > 0 ? Sessions : NoSessions;
        var octets = new TpmWriter().U16(tag).U32((uint)(HeaderSize + rest.Length)).U32(command.Code).Raw(rest).ToArray();
        for (var attempt = 1; ; attempt++)
        {
            await stream.WriteAsync(octets, cancellation);
            try
            {
                return await Receive(command.Name, returnsHandle, cancellation);
            }
            catch (TpmException failure) when (failure.Code == Retry && attempt < MostAttempts)
            {
                // Part 2 §6.6.3: nothing was done, send it again; swtpm says so once before it first uses a key that counts wrong passwords
            }
        }
    }

    private async Task<TpmReader> Receive(string command, bool returnsHandle, CancellationToken cancellation)
    {
        var header = new byte[HeaderSize];
        await stream.ReadExactlyAsync(header, cancellation);
        var size = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(2));
        if (size is < HeaderSize or > LargestResponse)
        {
            throw new InvalidDataException($"the TPM's response to {command} claims {size} octets");
        }

        var body = new byte[size - HeaderSize];
        await stream.ReadExactlyAsync(body, cancellation);
        var code = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(6));
        if (code != 0)
        {
            throw new TpmException(command, code);
        }

        var reader = new TpmReader(body);
        reader.Handle = returnsHandle ? reader.U32() : 0;
        if (BinaryPrimitives.ReadUInt16BigEndian(header) == Sessions)
        {
            reader = new TpmReader(reader.Raw((int)reader.U32())) { Handle = reader.Handle };
        }

        return reader;
    }
}

/// <summary>Big-endian reading of a response.</summary>
internal sealed class TpmReader(byte[] octets)
{
    private int _position;

    /// <summary>The handle that came before the parameters; 0 where a command returns none.</summary>
    public uint Handle { get; set; }

    public ushort U16() => BinaryPrimitives.ReadUInt16BigEndian(Raw(2));

    public uint U32() => BinaryPrimitives.ReadUInt32BigEndian(Raw(4));

    public byte[] Sized() => Raw(U16());

    public byte[] Raw(int count)
    {
        if (count < 0 || count > octets.Length - _position)
        {
            throw new InvalidDataException("a TPM response ends too early");
        }

        _position += count;
        return octets[(_position - count).._position];
    }

    public byte[] Rest() => Raw(octets.Length - _position);
}
