using System.Buffers;
using DeviceAcme.Protocol;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Server.Hosting;

/// <summary>Reads the body of a request into borrowed memory, as far as a document may be long.</summary>
internal static class RequestBody
{
    /// <param name="context">The request.</param>
    /// <param name="parse">Makes something of the octets; they are gone after it.</param>
    /// <exception cref="ProblemException">The body is too large, or <paramref name="parse"/> refuses it.</exception>
    public static async Task<T> Read<T>(HttpContext context, Func<ReadOnlySpan<byte>, T> parse)
    {
        if (context.Request.ContentLength > StrictJson.MaxBytes)
        {
            throw TooLarge();
        }

        var buffer = ArrayPool<byte>.Shared.Rent(StrictJson.MaxBytes + 1);
        try
        {
            var length = 0;
            int read;
            while ((read = await context.Request.Body.ReadAsync(buffer.AsMemory(length, StrictJson.MaxBytes + 1 - length), context.RequestAborted)) > 0)
            {
                length += read;
                if (length > StrictJson.MaxBytes)
                {
                    throw TooLarge();
                }
            }

            return parse(buffer.AsSpan(0, length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static ProblemException TooLarge() =>
        Problems.Malformed("body-too-large", $"body: expected at most {StrictJson.MaxBytes} bytes", StatusCodes.Status413PayloadTooLarge);
}
