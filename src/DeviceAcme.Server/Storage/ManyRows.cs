using System.Data.Common;
using DeviceAcme.Core.Audit;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage;

namespace DeviceAcme.Server.Storage;

/// <summary>Adds rows by the thousand: one prepared statement from the same mapping, without following each row as an entity.</summary>
internal static class ManyRows
{
    /// <summary>Rows that are sent at once where the database is elsewhere.</summary>
    private const int BatchSize = 500;

    /// <summary>Inserts at once, in the transaction of the writer's context.</summary>
    public static void AddMany<T>(this AcmeContext context, IReadOnlyCollection<T> rows)
        where T : class
    {
        if (rows.Count == 0)
        {
            return;
        }

        var type = context.Model.FindEntityType(typeof(T))!;
        var columns = type.GetProperties().Select(property => Column(property, StoreObjectIdentifier.Table(type.GetTableName()!))).ToList();
        // names of tables and columns are those of the mapping
        var statement = $"INSERT INTO {type.GetTableName()} ({string.Join(", ", columns.Select(column => column.Name))}) VALUES ({string.Join(", ", columns.Select(column => "@" + column.Name))})";
        var (connection, transaction) = (context.Database.GetDbConnection(), context.Database.CurrentTransaction!.GetDbTransaction());
        if (connection.CanCreateBatch)
        {
            foreach (var some in rows.Chunk(BatchSize))
            {
                AddBatch(connection, transaction, statement, columns, some);
            }

            return;
        }

        using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = statement;
        var parameters = columns.Select(column => Add(command.CreateParameter(), command.Parameters, column.Name)).ToList();
        foreach (var row in rows)
        {
            for (var i = 0; i < columns.Count; i++)
            {
                parameters[i].Value = columns[i].Read(row) ?? DBNull.Value;
            }

            command.ExecuteNonQuery();
        }
    }

    /// <summary>Writes what happened into the history, by the thousand; in a change that records nothing by <see cref="OrderQueries.Record"/>, which would come behind it.</summary>
    public static void RecordMany(this AcmeContext context, IReadOnlyCollection<AuditEvent> happened)
    {
        foreach (var one in happened)
        {
            one.Number(context.Chain!.Next());
            context.Chain.Add(one);
        }

        context.AddMany(happened);
    }

    private static void AddBatch<T>(DbConnection connection, DbTransaction transaction, string statement, IReadOnlyList<(string Name, Func<object, object?> Read)> columns, IEnumerable<T> rows)
        where T : class
    {
        using var batch = connection.CreateBatch();
        batch.Transaction = transaction;
        foreach (var row in rows)
        {
            var command = batch.CreateBatchCommand();
            command.CommandText = statement;
            foreach (var (name, read) in columns)
            {
                Add(command.CreateParameter(), command.Parameters, name).Value = read(row) ?? DBNull.Value;
            }

            batch.BatchCommands.Add(command);
        }

        batch.ExecuteNonQuery();
    }

    private static DbParameter Add(DbParameter parameter, DbParameterCollection parameters, string name)
    {
        parameter.ParameterName = "@" + name;
        parameters.Add(parameter);
        return parameter;
    }

    private static (string Name, Func<object, object?> Read) Column(IProperty property, StoreObjectIdentifier table)
    {
        var (member, converter) = (property.PropertyInfo!, property.GetTypeMapping().Converter);
        return (property.GetColumnName(table)!, row => member.GetValue(row) is not { } value ? null : converter is null ? value : converter.ConvertToProvider(value));
    }
}
